package dev.burnish.engine;

import dev.burnish.engine.cache.BlockTable;
import dev.burnish.engine.sampling.SequenceView;
import dev.burnish.kernel.AttentionPlan;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The rows of a step as a model takes them, and the draws that follow.
final class StepRows {
  /// The draws for one sequence: one, and one more for each guess.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Turn(Sequence sequence, int end, int[] guesses) {
    int numDraws() {
      return 1 + guesses.length;
    }
  }

  private final int[] tokens;
  private final int[] positions;
  private final int[] slots;
  private final List<AttentionPlan.Node> nodes = new ArrayList<>();
  private final List<Turn> turns = new ArrayList<>();
  private final List<SequenceView> drawn = new ArrayList<>();
  private final List<Integer> logitRows = new ArrayList<>();
  private final List<Integer> logitsOf = new ArrayList<>();
  private int numRows;

  StepRows(List<Scheduler.Chunk> chunks) {
    int all = chunks.stream().mapToInt(Scheduler.Chunk::allRows).sum();
    tokens = new int[all];
    positions = new int[all];
    slots = new int[all];
    chunks.forEach(this::add);
  }

  private void add(Scheduler.Chunk chunk) {
    Sequence sequence = chunk.sequence();
    int end = chunk.end() + chunk.guesses().length;
    BlockTable.Spans keys = sequence.table().spans(end);
    nodes.add(new AttentionPlan.Node(numRows, chunk.allRows(), keys.starts(), keys.lengths()));
    for (int position = sequence.table().computed(); position < end; position++) {
      tokens[numRows] =
          position < chunk.end()
              ? sequence.tokenAt(position)
              : chunk.guesses()[position - chunk.end()];
      positions[numRows] = position;
      slots[numRows++] = sequence.table().slot(position);
    }
    if (chunk.draws()) {
      int first = logitRows.size();
      for (int row = numRows - 1 - chunk.guesses().length; row < numRows; row++) {
        logitRows.add(row);
      }
      addTurn(new Turn(sequence, chunk.end(), chunk.guesses()), first);
      chunk.joined().forEach(joined -> addTurn(new Turn(joined, chunk.end(), new int[0]), first));
    }
  }

  private void addTurn(Turn turn, int firstLogits) {
    turns.add(turn);
    drawn.addAll(GuessedView.all(turn.sequence(), turn.guesses()));
    for (int right = 0; right < turn.numDraws(); right++) {
      logitsOf.add(firstLogits + right);
    }
  }

  int numRows() {
    return numRows;
  }

  List<Turn> turns() {
    return turns;
  }

  /// A view of each sequence for each of its draws, in the order of the turns.
  List<SequenceView> drawn() {
    return drawn;
  }

  /// Computes the rows, whose keys and values go to the cache, and returns their hidden states.
  Tensor forward(ModelRunner runner, KeyValueCache cache) {
    AttentionPlan plan = new AttentionPlan(nodes, new int[nodes.size()], AttentionPlan.NO_WINDOW);
    return runner.forward(tokens, positions, plan, cache, slots);
  }

  /// Logits for each draw, of which there must be one: `[draws, V]`, to be overwritten by the
  /// caller. Samples that join share a row of the model.
  Tensor logits(ModelRunner runner, Tensor hidden_TH) {
    Tensor logits_RV = runner.logits(hidden_TH, ints(logitRows));
    int[] from = ints(logitsOf);
    return Arrays.equals(from, IntStream.range(0, logitRows.size()).toArray())
        ? logits_RV
        : logits_RV.indexSelect(0, Tensor.of(from, from.length).to(logits_RV.device()));
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }
}
