package dev.burnish.engine;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.kernel.Kernels;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.rollout.Continuation;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Log-probabilities of given tokens, in the bits that a generator gives them when it samples them
/// at temperature 1, computed with the cache of an engine.
///
/// Of one task at a time, a batch of its sequences holds blocks while its rows are computed, some
/// at a time; the head sees some dozens of rows, so that logits do not grow with them. One thread.
final class Scorer {
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

    /// Tokens that are computed: nothing is predicted after the last.
    int numInputs() {
      return tokens.length - 1;
    }
  }

  private final BlockManager blocks;
  private final KeyValueCache cache;
  private final Kernels kernels;
  private Optional<ScoreTask> task = Optional.empty();
  private Optional<ScoreBatch> batch = Optional.empty();
  private long computed;
  private long reused;

  Scorer(BlockManager blocks, KeyValueCache cache, Kernels kernels) {
    this.blocks = blocks;
    this.cache = cache;
    this.kernels = kernels;
  }

  /// Scores that task from now on, or none. The blocks of another one come back.
  void follow(Optional<ScoreTask> next) {
    if (!task.equals(next)) {
      release();
      task = next;
    }
  }

  /// Gives the blocks back; the batch is computed again.
  void release() {
    batch.ifPresent(ScoreBatch::close);
    batch = Optional.empty();
  }

  /// Whether a batch of these weights has begun.
  boolean holdsBatch(long version) {
    return batch.filter(begun -> begun.version() == version).isPresent();
  }

  /// Begins the next batch, if there is room for one of its sequences.
  ///
  /// @param version of the weights that compute it
  /// @param room blocks that it may take
  void begin(long version, int room) {
    release();
    batch = task.flatMap(scored -> ScoreBatch.of(scored.remaining(version), blocks, version, room));
    batch.ifPresent(begun -> {
      task.orElseThrow().begin();
      reused += begun.numCached();
    });
  }

  /// Computes the next rows of the batch, if there is one.
  ///
  /// @param runner over the weights of its version
  /// @param most rows
  void advance(ModelRunner runner, int most) {
    batch.ifPresent(begun -> advance(runner, begun, Math.min(most, begun.numLeft())));
  }

  private void advance(ModelRunner runner, ScoreBatch begun, int count) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden_TH =
          runner.forward(
              begun.tokens(count),
              begun.positions(count),
              begun.plan(count),
              cache,
              begun.slots(count));
      List<ScoreBatch.Prediction> targets = begun.predictions(count);
      for (int i = 0; i < targets.size(); i += HEAD_ROWS) {
        head(runner, hidden_TH, targets.subList(i, Math.min(i + HEAD_ROWS, targets.size())));
      }
    }
    begun.advance(count);
    computed += count;
    if (begun.numLeft() == 0) {
      task.orElseThrow().add(begun.results());
      release();
    }
  }

  private void head(ModelRunner runner, Tensor hidden_TH, List<ScoreBatch.Prediction> targets) {
    int[] rows = targets.stream().mapToInt(ScoreBatch.Prediction::row).toArray();
    int[] tokens = targets.stream().mapToInt(each -> each.target().token()).toArray();
    float[] logprobs = new float[rows.length];
    try (TensorScope _ = TensorScope.open()) {
      Tensor logits_BV = runner.logits(hidden_TH, rows);
      kernels.logprobs(logits_BV, tokens, 0, 1, logprobs, new float[rows.length]);
    }
    for (int i = 0; i < rows.length; i++) {
      targets.get(i).target().set(logprobs[i]);
    }
  }

  /// Rows that were computed so far.
  long computed() {
    return computed;
  }

  /// Rows whose keys were found so far.
  long reused() {
    return reused;
  }
}
