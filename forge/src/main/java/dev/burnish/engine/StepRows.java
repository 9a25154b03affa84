package dev.burnish.engine;

import dev.burnish.engine.cache.BlockTable;
import dev.burnish.kernel.AttentionPlan;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The rows of a step as a model takes them, and the sequences that get a token.
///
/// @param slots of the keys of each row
/// @param drawn the sequences that get a token, those of a group adjacent
/// @param from for each of these, which of the rows that give logits
/// @param logitRows rows that give logits
record StepRows(
    int[] tokens,
    int[] positions,
    List<AttentionPlan.Node> nodes,
    int[] slots,
    List<Sequence> drawn,
    int[] from,
    int[] logitRows) {
  static StepRows of(List<Scheduler.Chunk> chunks) {
    int numRows = chunks.stream().mapToInt(Scheduler.Chunk::rows).sum();
    int[] tokens = new int[numRows];
    int[] positions = new int[numRows];
    int[] slots = new int[numRows];
    List<AttentionPlan.Node> nodes = new ArrayList<>();
    List<Sequence> drawn = new ArrayList<>();
    List<Integer> from = new ArrayList<>();
    List<Integer> logitRows = new ArrayList<>();
    int row = 0;
    for (Scheduler.Chunk chunk : chunks) {
      Sequence sequence = chunk.sequence();
      BlockTable.Spans keys = sequence.table().spans(chunk.end());
      nodes.add(new AttentionPlan.Node(row, chunk.rows(), keys.starts(), keys.lengths()));
      for (int position = sequence.table().computed(); position < chunk.end(); position++) {
        tokens[row] = sequence.tokenAt(position);
        positions[row] = position;
        slots[row++] = sequence.table().slot(position);
      }
      if (chunk.draws()) {
        drawn.add(sequence);
        drawn.addAll(chunk.joined());
        for (int i = 0; i <= chunk.joined().size(); i++) {
          from.add(logitRows.size());
        }
        logitRows.add(row - 1);
      }
    }
    return new StepRows(tokens, positions, nodes, slots, drawn, ints(from), ints(logitRows));
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  /// Computes the rows, whose keys and values go to the cache, and returns their hidden states.
  Tensor forward(ModelRunner runner, KeyValueCache cache) {
    AttentionPlan plan = new AttentionPlan(nodes, new int[nodes.size()], AttentionPlan.NO_WINDOW);
    return runner.forward(tokens, positions, plan, cache, slots);
  }

  /// Logits for each drawn sequence, of which there must be one: `[drawn, V]`, to be overwritten by
  /// the caller.
  Tensor logits(ModelRunner runner, Tensor hidden_TH) {
    Tensor logits_RV = runner.logits(hidden_TH, logitRows);
    return Arrays.equals(from, IntStream.range(0, logitRows.length).toArray())
        ? logits_RV
        : logits_RV.indexSelect(0, Tensor.of(from, from.length).to(logits_RV.device()));
  }
}
