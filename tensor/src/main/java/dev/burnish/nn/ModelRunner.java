package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.Optional;

/// A decoder for generation: weights packed for a few rows at a time, keys and values in a cache.
/// Hidden states and logits of a row depend on its sequence alone, not on the rows beside it nor on
/// how sequences share their prefixes. They have the bits that [Pass] gives them, except in
/// attention, which adds in another order.
///
/// The weights are those of the decoder, which are packed after each publication ([#refresh]) and
/// take as much memory again, or half as much in BF16; those of others, packed here ([#load]); or
/// those that others packed, which are read where they are and take no memory here ([#use]). Of
/// weights of others the decoder's own memory gets norms and biases, and the embedding where no
/// packed matrix has its values. An adaptation is read in place. One call at a time. Packed weights
/// are freed when the runner is closed, or its decoder.
public final class ModelRunner implements AutoCloseable {
  private final Decoder decoder;
  private final RunnerMatrices matrices;
  // What close() frees; nothing for a runner that shares what another one has.
  private final Optional<RunnerMatrices> owned;
  private long laidOut;
  private Runnable afterBlock = () -> {};

  /// A runner that computes with the decoder's own weights.
  public ModelRunner(Decoder decoder) {
    this(decoder, WeightFormat.F32);
  }

  /// A runner that computes with the decoder's own weights as the format keeps them.
  public ModelRunner(Decoder decoder, WeightFormat format) {
    this(decoder, new RunnerMatrices(decoder, format));
    try {
      layOut();
    } catch (RuntimeException | OutOfMemoryError e) {
      close();
      throw e;
    }
  }

  private ModelRunner(Decoder decoder, RunnerMatrices matrices) {
    this(decoder, matrices, Optional.of(matrices));
  }

  private ModelRunner(Decoder decoder, RunnerMatrices matrices, Optional<RunnerMatrices> owned) {
    this.decoder = decoder;
    this.matrices = matrices;
    this.owned = owned;
    this.laidOut = decoder.weights().changes();
    decoder.runners().add(this);
  }

  /// A runner whose weights are to be loaded, part by part, before it computes.
  ///
  /// @param decoder over [Weights#undefined]
  public static ModelRunner unloaded(Decoder decoder) {
    return unloaded(decoder, WeightFormat.F32);
  }

  /// The same with weights in a format.
  public static ModelRunner unloaded(Decoder decoder, WeightFormat format) {
    return new ModelRunner(decoder, RunnerMatrices.unloaded(decoder, format));
  }

  /// A runner that multiplies by the decoder's own weights where they are, for a single short use:
  /// nothing is packed, so a product takes several times as long, and has the same bits.
  static ModelRunner overOwn(Decoder decoder) {
    return new ModelRunner(decoder, RunnerMatrices.own(decoder));
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
    return new ModelRunner(adapted, matrices, Optional.empty());
  }

  Decoder decoder() {
    return decoder;
  }

  /// Runs something after each block of a forward, such as a rest that leaves the threads to
  /// others.
  public void afterEachBlock(Runnable action) {
    afterBlock = action;
  }

  /// Replaces a part of the weights. Its matrices are packed from the given memory, which is not
  /// needed afterwards. Until every part of a version has been loaded, results are of no version.
  ///
  /// @param part index of the part, as in [Weights]
  /// @param values contiguous F32, `[size of the part]`
  /// @throws IllegalArgumentException if the values do not fit the part
  public void load(int part, Tensor values) {
    matrices.load(part, values);
  }

  /// Whether [#use] takes these weights: all parts are packed, in F32 and for the registers of this
  /// machine, and the runner computes with F32 on the CPU.
  public boolean readsInPlace(List<PartValues> parts) {
    return matrices.reads(parts);
  }

  /// Replaces all weights by those that others packed, which are read where they are. The memory
  /// stays its owner's, and open until others take its place or the runner is closed. If it fails,
  /// the weights are those from before.
  ///
  /// @throws IllegalArgumentException if it does not read them in place, or they are not the
  ///   model's
  public void use(List<PartValues> parts) {
    matrices.use(parts);
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
    matrices.layOut();
    laidOut = decoder.weights().changes();
  }

  /// Runs new tokens through the model, storing their keys and values in `slots` of the cache, and
  /// returns the hidden states of all of them before the final norm, `[T, H]`. The plan's key rows
  /// are cache slots.
  ///
  /// @throws IllegalStateException if a part was never loaded
  public Tensor forward(
      int[] tokens, int[] positions, AttentionPlan plan, KeyValueCache cache, int[] slots) {
    matrices.requireLoaded();
    PassContext context = decoder.context(positions, plan, Dropout.NONE, Numerics.BATCH_INVARIANT);
    Tensor x_TH = matrices.embed(tokens);
    try (TensorScope _ = TensorScope.open()) {
      Tensor slots_T = Tensor.of(slots, slots.length).to(decoder.device());
      for (int i = 0; i < decoder.blocks().size(); i++) {
        DecoderBlock block = decoder.blocks().get(i);
        block.infer(x_TH, context, matrices.block(i), cache.block(i), slots_T);
        afterBlock.run();
      }
    }
    return x_TH;
  }

  /// Logits of some rows of hidden states, `[rows, V]`.
  public Tensor logits(Tensor hidden_TH, int[] rows) {
    return decoder.head().infer(matrices.head(), hidden_TH, rows);
  }

  /// Frees packed weights of its own, after the product that is under way. Products with them are
  /// refused afterwards.
  @Override
  public void close() {
    decoder.runners().remove(this);
    owned.ifPresent(RunnerMatrices::close);
  }
}
