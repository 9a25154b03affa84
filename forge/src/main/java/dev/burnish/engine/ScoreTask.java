package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.nn.DecoderShape;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/// Sequences that are scored a batch at a time, all by one version of the weights. The thread that
/// computes changes it; a caller waits, and may leave.
final class ScoreTask {
  private final List<Scorer.Scored> sequences;
  private final VersionRange versions;
  private final CountDownLatch ended = new CountDownLatch(1);
  private List<float[]> results = new ArrayList<>();
  private long version;
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

  VersionRange versions() {
    return versions;
  }

  /// Computes the next batch; begins again where the weights have changed in between.
  ///
  /// @param byVersion of the scorer's weights
  void advance(Scorer scorer, long byVersion) {
    if (byVersion != version) {
      results = new ArrayList<>();
      version = byVersion;
    }
    if (!isOver()) {
      results.addAll(scorer.batch(sequences.subList(results.size(), sequences.size())));
    }
    if (isOver()) {
      ended.countDown();
    }
  }

  void fail(RuntimeException cause) {
    failure = Optional.of(cause);
    ended.countDown();
  }

  /// Whether nothing is left to compute, or nobody waits.
  boolean isOver() {
    return left || failure.isPresent() || results.size() == sequences.size();
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
      Thread.currentThread().interrupt();
      throw (CancellationException)
          new CancellationException(
                  "interrupted while waiting for scores: sequences=" + sequences.size())
              .initCause(e);
    }
    return scores();
  }

  /// The scores, after the end.
  List<Score> scores() {
    failure.ifPresent(cause -> {
      throw cause;
    });
    return results.stream().map(logprobs -> new Score(logprobs, version)).toList();
  }
}
