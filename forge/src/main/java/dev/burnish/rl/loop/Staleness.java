package dev.burnish.rl.loop;

import dev.burnish.rl.loop.LoopReport.Content;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rl.replay.Held;
import dev.burnish.rl.replay.StaleGroupException;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.rollout.VersionRange;

/// The age of samples: versions between the weights that sampled a token and those that are trained
/// on it.
final class Staleness {
  private Staleness() {}

  /// Checks every sample of a batch.
  ///
  /// @param bound on the staleness of any token
  /// @throws StaleGroupException if one is older, or of a version that is not trained yet
  static void require(Batch<ScoredGroup> batch, int bound) {
    for (Held<ScoredGroup> held : batch.held()) {
      VersionRange versions = held.group().versions();
      if (batch.version() - versions.least() > bound || versions.most() > batch.version()) {
        throw new StaleGroupException(
            "a sample must be at most %d versions older than the weights that are trained, and not newer: position=%d versions=%s trained=%d; this is a fault of the loop"
                .formatted(bound, held.position(), versions, batch.version()));
      }
    }
  }

  /// The content of a batch.
  static Content content(Batch<ScoredGroup> batch) {
    long tokens = 0;
    double sum = 0;
    long most = 0;
    int episodes = 0;
    for (ScoredGroup group : batch.groups()) {
      for (Episode episode : group.episodes()) {
        TokenVersions versions = episode.versions();
        for (int i = 0; i < versions.length(); i++) {
          long staleness = batch.version() - versions.at(i);
          sum += staleness;
          most = Math.max(most, staleness);
        }
        tokens += versions.length();
        episodes++;
      }
    }
    return new Content(batch.held().size(), episodes, tokens == 0 ? 0 : sum / tokens, most);
  }
}
