package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.Prepared;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.PackedLayout;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A decoder for generation: weights packed for a few rows at a time, keys and values in a cache.
/// Hidden states and logits of a row depend on its sequence alone, not on the rows beside it nor on
/// how sequences share their prefixes. They have the bits that [Pass] gives them, except in
/// attention, which adds in another order.
///
/// The weights are those of the decoder, which are packed after each publication ([#refresh]) and
/// take as much memory again, or half as much in BF16; or those of others ([#load]), of which the
/// decoder's own memory then gets the embedding, norms and biases alone. An adaptation is read in
/// place. One call at a time. Packed weights are freed when the runner is closed, or its decoder.
public final class ModelRunner implements AutoCloseable {
  private final Decoder decoder;
  private final List<Prepared> blocks;
  private final Prepared head;
  // What close() frees; nothing for a runner that shares what another one packed.
  private final List<Prepared> owned;
  // Parts that were never loaded: memory of their parameters holds anything.
  private final BitSet missing;
  private long laidOut;

  /// A runner that computes with the decoder's own weights.
  public ModelRunner(Decoder decoder) {
    this(decoder, WeightFormat.F32);
  }

  /// A runner that computes with the decoder's own weights as the format keeps them.
  public ModelRunner(Decoder decoder, WeightFormat format) {
    this(decoder, prepare(decoder, format));
    try {
      layOut();
    } catch (RuntimeException | OutOfMemoryError e) {
      close();
      throw e;
    }
  }

  /// @param prepared the matrices of each block, then of the head
  private ModelRunner(Decoder decoder, List<Prepared> prepared) {
    this(
        decoder,
        prepared.subList(0, prepared.size() - 1),
        prepared.getLast(),
        prepared,
        new BitSet());
  }

  private ModelRunner(
      Decoder decoder, List<Prepared> blocks, Prepared head, List<Prepared> owned, BitSet missing) {
    this.decoder = decoder;
    this.blocks = blocks;
    this.head = head;
    this.owned = owned;
    this.missing = missing;
    this.laidOut = decoder.weights().changes();
    decoder.runners().add(this);
  }

  private static List<Prepared> prepare(Decoder decoder, WeightFormat format) {
    List<Tensor> projection = List.of(decoder.head().matrix());
    List<Prepared> prepared = new ArrayList<>();
    try {
      decoder
          .blocks()
          .forEach(block -> prepared.add(prepare(decoder.kernels(), block.matrices(), format)));
      prepared.add(prepare(decoder.kernels(), projection, format));
      return prepared;
    } catch (RuntimeException | OutOfMemoryError e) {
      prepared.forEach(Prepared::close);
      throw e;
    }
  }

  private static Prepared prepare(Kernels kernels, List<Tensor> matrices, WeightFormat format) {
    return kernels.prepare(matrices.stream().map(PackedLayout.Shape::of).toList(), format);
  }

  /// A runner whose weights are to be loaded, part by part, before it computes.
  ///
  /// @param decoder over [Weights#undefined]
  public static ModelRunner unloaded(Decoder decoder) {
    return unloaded(decoder, WeightFormat.F32);
  }

  /// The same with weights in a format.
  public static ModelRunner unloaded(Decoder decoder, WeightFormat format) {
    ModelRunner unloaded = new ModelRunner(decoder, prepare(decoder, format));
    unloaded.missing.set(0, decoder.weights().numParts());
    return unloaded;
  }

  /// A runner of another adaptation of the same weights, which shares what is packed: valid while
  /// this one is open.
  ///
  /// @param adapted over the same weights
  public ModelRunner of(Decoder adapted) {
    if (adapted.weights() != decoder.weights()) {
      throw new IllegalArgumentException(
          "a decoder that shares packed weights must be over the same weights; give it those");
    }
    return new ModelRunner(adapted, blocks, head, List.of(), missing);
  }

  /// Replaces a part of the weights. Its matrices are packed from the given memory, which is not
  /// needed afterwards. Until every part of a version has been loaded, results are of no version.
  ///
  /// @param part index of the part, as in [Weights]
  /// @param values contiguous F32, `[size of the part]`
  /// @throws IllegalArgumentException if the values do not fit the part
  public void load(int part, Tensor values) {
    FlatLayout layout = decoder.weights().layouts().get(part);
    Weights.requireFits(part, layout, values);
    Tensor own = decoder.weights().part(part);
    try (TensorScope _ = TensorScope.open()) {
      Tensor packed = values;
      switch (decoder.device()) {
        case Device.Cpu _ -> copyRead(layout, values, own);
        case Device.Cuda _ -> packed = own.copy_(values);
      }
      if (part > 0 && part <= blocks.size()) {
        int block = part - 1;
        blocks.get(block).update(decoder.blocks().get(block).matrices(packed));
      }
      if (part == (decoder.shape().head() == HeadKind.TIED ? 0 : blocks.size() + 1)) {
        head.update(List.of(decoder.head().matrix(packed)));
      }
    }
    missing.clear(part);
  }

  /// Copies the parameters that are read as they are: all but packed matrices.
  private static void copyRead(FlatLayout layout, Tensor values, Tensor own) {
    for (String name : layout.names()) {
      ParameterSpec spec = layout.spec(name);
      if (spec.shape().length == 1 || name.equals(Decoder.EMBEDDING)) {
        int offset = layout.offset(name);
        own.narrow(0, offset, spec.size()).copy_(values.narrow(0, offset, spec.size()));
      }
    }
  }

  /// Packs the decoder's weights, if they were published since the last call.
  ///
  /// @return the version that later calls compute with
  public long refresh() {
    if (laidOut != decoder.weights().changes()) {
      layOut();
    }
    return decoder.version();
  }

  private void layOut() {
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).update(decoder.blocks().get(i).matrices());
    }
    head.update(List.of(decoder.head().matrix()));
    laidOut = decoder.weights().changes();
  }

  /// Runs new tokens through the model, storing their keys and values in `slots` of the cache, and
  /// returns the hidden states of all of them before the final norm, `[T, H]`. The plan's key rows
  /// are cache slots.
  ///
  /// @throws IllegalStateException if a part was never loaded
  public Tensor forward(
      int[] tokens, int[] positions, AttentionPlan plan, KeyValueCache cache, int[] slots) {
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "every part of the weights must be loaded before they compute: missing=" + missing);
    }
    PassContext context = decoder.context(positions, plan, Dropout.NONE, Numerics.BATCH_INVARIANT);
    Tensor x_TH = decoder.embed(tokens);
    try (TensorScope _ = TensorScope.open()) {
      Tensor slots_T = Tensor.of(slots, slots.length).to(decoder.device());
      for (int i = 0; i < blocks.size(); i++) {
        DecoderBlock block = decoder.blocks().get(i);
        block.infer(x_TH, context, blocks.get(i), cache.block(i), slots_T);
      }
    }
    return x_TH;
  }

  /// Logits of some rows of hidden states, `[rows, V]`.
  public Tensor logits(Tensor hidden_TH, int[] rows) {
    return decoder.head().infer(head.get(0), hidden_TH, rows);
  }

  /// Frees packed weights of its own, after the product that is under way. Products with them are
  /// refused afterwards.
  @Override
  public void close() {
    decoder.runners().remove(this);
    owned.forEach(Prepared::close);
  }
}
