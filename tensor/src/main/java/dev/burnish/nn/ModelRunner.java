package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels.PreparedWeight;
import dev.burnish.kernel.Numerics;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/// A decoder for generation: weights packed for a few rows at a time, keys and values in a cache.
/// Hidden states and logits of a row have the bits that [Pass] gives them, except in attention,
/// whose sums depend on how sequences share their prefixes.
///
/// Takes as much memory again as the weights, and repacks them only after a new publication: an
/// adaptation is read in place. One call at a time.
public final class ModelRunner {
  private final Decoder decoder;
  private final List<List<PreparedWeight>> blocks = new ArrayList<>();
  private List<PreparedWeight> head = List.of();
  private long laidOut;

  public ModelRunner(Decoder decoder) {
    this.decoder = decoder;
    decoder.blocks().forEach(_ -> blocks.add(List.of()));
    layOut();
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
      blocks.set(i, decoder.kernels().prepare(decoder.blocks().get(i).matrices(), blocks.get(i)));
    }
    head = decoder.head().prepare(head);
    laidOut = decoder.weights().changes();
  }

  /// Runs new tokens through the model, storing their keys and values in `slots` of the cache, and
  /// returns the hidden states of all of them before the final norm, `[T, H]`. The plan's key rows
  /// are cache slots.
  public Tensor forward(
      int[] tokens, int[] positions, AttentionPlan plan, KeyValueCache cache, int[] slots) {
    PassContext context = decoder.context(positions, plan, Dropout.NONE, Numerics.BATCH_INVARIANT);
    Tensor x_TH = decoder.embed(tokens);
    try (TensorScope _ = TensorScope.open()) {
      Tensor slots_T = Tensor.of(slots, slots.length).to(decoder.device());
      for (int i = 0; i < blocks.size(); i++) {
        DecoderBlock block = decoder.blocks().get(i);
        block.infer(x_TH, context, blocks.get(i), cache.keys(i), cache.values(i), slots_T);
      }
    }
    return x_TH;
  }

  /// Logits of some rows of hidden states, `[rows, V]`.
  public Tensor logits(Tensor hidden_TH, int[] rows) {
    return decoder.head().infer(head.getFirst(), hidden_TH, rows);
  }
}
