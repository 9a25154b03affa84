package dev.burnish.engine.sampling;

import dev.burnish.kernel.LogitRow;
import dev.burnish.kernel.Team;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.stream.Stream;

/// Draws the next token of each of many sequences.
///
/// A draw is a function of its row of logits, its sequence and the sequence's key: it does not
/// depend on the other rows. Sequences of different parameters may be in one batch, and a row
/// without a distribution fails its own sequence alone. Keeps some memory per thread. One call at a
/// time.
public final class Sampler {
  private final int[] endTokens;
  private final List<LogitsProcessor> processors;
  private RowSampler[] samplers = new RowSampler[0];

  /// @param endTokens of the model
  /// @param processors of all sequences, in order
  public Sampler(int[] endTokens, List<LogitsProcessor> processors) {
    this.endTokens = endTokens.clone();
    this.processors = List.copyOf(processors);
  }

  /// @param logits_BV overwritten
  /// @param sequences one per row
  /// @return one per row
  public List<Draw> draw(Tensor logits_BV, List<? extends SequenceView> sequences) {
    if (sequences.isEmpty()) {
      return List.of();
    }
    if (logits_BV.size(0) != sequences.size()) {
      throw new IllegalArgumentException(
          "each row of logits must have a sequence: rows=%d sequences=%d"
              .formatted(logits_BV.size(0), sequences.size()));
    }
    Draw[] draws = new Draw[sequences.size()];
    try (TensorScope _ = TensorScope.open()) {
      List<LogitRow> rows = LogitRow.of(logits_BV.to(Device.CPU).contiguous());
      int pieces = Math.min(draws.length, 2 * Team.shared().size());
      prepare(pieces, Math.toIntExact(logits_BV.size(1)));
      Team.shared()
          .run(
              pieces,
              piece -> {
                for (int i = piece; i < draws.length; i += pieces) {
                  draws[i] = samplers[piece].draw(rows.get(i), sequences.get(i));
                }
              });
    }
    return List.of(draws);
  }

  private void prepare(int pieces, int vocabulary) {
    if (samplers.length < pieces || samplers[0].vocabulary() != vocabulary) {
      samplers =
          Stream.generate(() -> new RowSampler(endTokens, processors, vocabulary))
              .limit(pieces)
              .toArray(RowSampler[]::new);
    }
  }
}
