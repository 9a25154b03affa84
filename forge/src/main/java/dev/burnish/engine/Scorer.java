package dev.burnish.engine;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.TokenForest;
import dev.burnish.rollout.Continuation;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Log-probabilities of given tokens, in the bits that a generator gives them when it samples them
/// at temperature 1.
///
/// Sequences that begin alike are computed once where they do. The model sees some hundreds of
/// tokens at a time, and the head some dozens, so that neither activations nor logits grow with the
/// sequences; keys and values of one batch of sequences are kept. One thread.
final class Scorer {
  /// Tokens whose keys and values are kept at the same time, unless one sequence has more.
  private static final int BATCH_TOKENS = 4096;

  /// Rows of one forward.
  private static final int CHUNK_ROWS = 512;

  /// Rows of logits.
  private static final int HEAD_ROWS = 32;

  /// A sequence whose tokens from `first` on are scored.
  ///
  /// @param first at least 1
  @SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
  record Scored(int[] tokens, int first) {
    /// @throws IllegalArgumentException if a model of that shape cannot compute it
    static Scored of(Continuation continuation, PromptEncoder encoder, DecoderShape shape) {
      int[] prompt = encoder.encode(continuation.prompt());
      int[] all = Arrays.copyOf(prompt, prompt.length + continuation.tokens().length);
      System.arraycopy(continuation.tokens(), 0, all, prompt.length, continuation.tokens().length);
      if (prompt.length == 0 || all.length - 1 > shape.maxPositions()) {
        throw new IllegalArgumentException(
            "a prompt must have at least one token, and fit max_position_embeddings=%d with its continuation: prompt=%d tokens=%d; shorten it"
                .formatted(shape.maxPositions(), prompt.length, continuation.tokens().length));
      }
      for (int token : all) {
        if (token < 0 || token >= shape.vocabulary()) {
          throw new IllegalArgumentException(
              "a token must lie in [0, %d), the model's vocabulary: token=%d; encode with the model's own tokenizer"
                  .formatted(shape.vocabulary(), token));
        }
      }
      return new Scored(all, prompt.length);
    }

    private int numInputs() {
      return tokens.length - 1; // nothing is predicted after the last
    }
  }

  private final ModelRunner runner;
  private final DecoderShape shape;
  private final Device device;
  private final Kernels kernels;

  Scorer(ModelRunner runner, DecoderShape shape, Device device) {
    this.runner = runner;
    this.shape = shape;
    this.device = device;
    this.kernels = Kernels.of(device);
  }

  /// One array per sequence, of its tokens from `first` on; of as many of the first sequences as
  /// one batch takes, which is at least one.
  List<float[]> batch(List<Scored> sequences) {
    PrefixTree tree = new PrefixTree();
    int count = 0;
    do {
      Scored next = sequences.get(count++);
      tree.add(Arrays.copyOf(next.tokens, next.numInputs()));
    } while (count < sequences.size()
        && tree.numTokens() + sequences.get(count).numInputs() <= BATCH_TOKENS);
    return batch(sequences.subList(0, count), tree.place());
  }

  /// A token that is scored: the row that predicts it, and where its log-probability goes.
  private record Target(int row, int token, float[] result, int index) {}

  private List<float[]> batch(List<Scored> sequences, PrefixTree.Placed placed) {
    List<float[]> results = new ArrayList<>();
    List<List<Target>> ofRow = new ArrayList<>();
    TokenForest forest = placed.forest();
    IntStream.range(0, forest.numTokens()).forEach(_ -> ofRow.add(new ArrayList<>(1)));
    for (int s = 0; s < sequences.size(); s++) {
      Scored sequence = sequences.get(s);
      float[] result = new float[sequence.tokens.length - sequence.first];
      int[] rows = placed.rows(s);
      for (int i = sequence.first; i < sequence.tokens.length; i++) {
        int row = rows[i - 1];
        ofRow.get(row).add(new Target(row, sequence.tokens[i], result, i - sequence.first));
      }
      results.add(result);
    }
    try (KeyValueCache cache = new KeyValueCache(shape.blocks(), forest.numTokens(), device)) {
      for (int from = 0; from < forest.numTokens(); from += CHUNK_ROWS) {
        int to = Math.min(from + CHUNK_ROWS, forest.numTokens());
        forward(forest, from, to, cache, ofRow);
      }
    }
    return results;
  }

  /// The rows `[from, to)` of the forest, whose keys lie in the slots of the same numbers.
  private void forward(
      TokenForest forest, int from, int to, KeyValueCache cache, List<List<Target>> ofRow) {
    List<AttentionPlan.Node> nodes = new ArrayList<>();
    for (int node = 0; node < forest.numNodes(); node++) {
      int start = Math.max(from, forest.start(node));
      int end = Math.min(to, forest.start(node) + forest.length(node));
      if (start < end) {
        nodes.add(piece(forest, node, start, end, from));
      }
    }
    AttentionPlan plan = new AttentionPlan(nodes, new int[nodes.size()], AttentionPlan.NO_WINDOW);
    int[] slots = IntStream.range(from, to).toArray();
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden_TH =
          runner.forward(
              Arrays.copyOfRange(forest.tokens(), from, to),
              Arrays.copyOfRange(forest.positions(), from, to),
              plan,
              cache,
              slots);
      List<Target> targets = ofRow.subList(from, to).stream().flatMap(List::stream).toList();
      for (int i = 0; i < targets.size(); i += HEAD_ROWS) {
        head(hidden_TH, from, targets.subList(i, Math.min(i + HEAD_ROWS, targets.size())));
      }
    }
  }

  private static AttentionPlan.Node piece(
      TokenForest forest, int node, int start, int end, int firstRow) {
    int[] path = forest.path(node);
    int[] starts = new int[path.length];
    int[] lengths = new int[path.length];
    for (int i = 0; i < path.length; i++) {
      starts[i] = forest.start(path[i]);
      lengths[i] = forest.length(path[i]);
    }
    lengths[path.length - 1] = end - forest.start(node);
    return new AttentionPlan.Node(start - firstRow, end - start, starts, lengths);
  }

  private void head(Tensor hidden_TH, int firstRow, List<Target> targets) {
    int[] rows = targets.stream().mapToInt(target -> target.row - firstRow).toArray();
    int[] tokens = targets.stream().mapToInt(Target::token).toArray();
    float[] logprobs = new float[rows.length];
    try (TensorScope _ = TensorScope.open()) {
      Tensor logits_BV = runner.logits(hidden_TH, rows);
      kernels.logprobs(logits_BV, tokens, 0, 1, logprobs, new float[rows.length]);
    }
    for (int i = 0; i < rows.length; i++) {
      Target target = targets.get(i);
      target.result[target.index] = logprobs[i];
    }
  }
}
