package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.engine.cache.BlockManager;
import dev.burnish.nn.DecoderShape;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/// Sequences that are scored a batch at a time, all by one version of the weights. The thread that
/// computes changes it; a caller waits, and may leave.
///
/// When the weights change it begins again, but once alone: then it is bound to those that it has,
/// as a request is, so that it ends however often versions come.
final class ScoreTask {
  private static final double NANOS = 1e9;

  private final List<Scorer.Scored> sequences;
  private final VersionRange versions;
  private final CountDownLatch ended = new CountDownLatch(1);
  private List<float[]> results = new ArrayList<>();
  private OptionalLong version = OptionalLong.empty();
  private boolean begun;
  private boolean restarted;
  private long waitsSince = System.nanoTime();
  private Optional<RuntimeException> failure = Optional.empty();
  private volatile boolean left;

  private ScoreTask(List<Scorer.Scored> sequences, VersionRange versions) {
    this.sequences = sequences;
    this.versions = versions;
  }

  /// @throws IllegalArgumentException if a model of that shape cannot compute one of them
  static ScoreTask of(
      List<Continuation> continuations,
      VersionRange versions,
      PromptEncoder encoder,
      DecoderShape shape) {
    return new ScoreTask(
        continuations.stream().map(each -> Scorer.Scored.of(each, encoder, shape)).toList(),
        versions);
  }

  /// @throws IllegalArgumentException if a cache of so many blocks cannot hold one of them
  void requireFits(int numBlocks) {
    for (Scorer.Scored sequence : sequences) {
      if (numBlocks(sequence) > numBlocks) {
        throw new IllegalArgumentException(
            "a prompt and its continuation must fit the cache of %d tokens: prompt=%d tokens=%d; shorten it or give the cache more memory"
                .formatted(
                    numBlocks * BlockManager.SIZE,
                    sequence.first(),
                    sequence.tokens().length - sequence.first()));
      }
    }
  }

  private static int numBlocks(Scorer.Scored sequence) {
    return BlockManager.forTokens(sequence.numInputs());
  }

  /// Blocks beyond which more are of no use.
  int usefulBlocks() {
    long all = sequences.stream().mapToLong(each -> 4 + numBlocks(each)).sum();
    int longest = sequences.stream().mapToInt(ScoreTask::numBlocks).max().orElse(1);
    return (int) Math.min(all, Math.max(longest, ScoreBatch.MOST_BLOCKS));
  }

  VersionRange versions() {
    return versions;
  }

  /// The sequences without a score by weights of that version.
  List<Scorer.Scored> remaining(long byVersion) {
    if (version.isEmpty() || version.getAsLong() != byVersion) {
      restarted |= begun;
      begun = false;
      results = new ArrayList<>();
      version = OptionalLong.of(byVersion);
    }
    return sequences.subList(results.size(), sequences.size());
  }

  /// Says that some of the remaining are being computed.
  void begin() {
    begun = true;
  }

  /// The scores of the first of the remaining sequences.
  void add(List<float[]> scores) {
    results.addAll(scores);
    waitsSince = System.nanoTime();
  }

  /// Seconds since its last batch ended.
  double secondsWaited(long now) {
    return (now - waitsSince) / NANOS;
  }

  /// Whether the weights must stay those that it has.
  boolean isBound() {
    return restarted && !isOver();
  }

  void fail(RuntimeException cause) {
    failure = Optional.of(cause);
    complete();
  }

  /// Whether nothing is left to compute, or nobody waits.
  boolean isOver() {
    return left || failure.isPresent() || results.size() == sequences.size();
  }

  /// Lets go whoever waits.
  void complete() {
    ended.countDown();
  }

  /// Waits for the end.
  ///
  /// @throws RuntimeException the failure, where there was one
  /// @throws CancellationException if the caller is interrupted, which stays set
  List<Score> await() {
    try {
      Waits.await(ended);
    } catch (InterruptedException e) {
      left = true;
      throw Waits.cancelled(
          e, "interrupted while waiting for scores: sequences=" + sequences.size());
    }
    return scores();
  }

  /// The scores, after the end.
  List<Score> scores() {
    failure.ifPresent(cause -> {
      throw cause;
    });
    return results.stream().map(logprobs -> new Score(logprobs, version.orElseThrow())).toList();
  }
}
