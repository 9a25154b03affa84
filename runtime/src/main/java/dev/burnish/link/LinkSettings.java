package dev.burnish.link;

import dev.burnish.wire.Limits;
import java.time.Duration;

/// How connections behave.
///
/// @param limits of frames
/// @param heartbeat after this long without another frame, a sign of life is sent
/// @param patience a peer that is silent for this long is lost
/// @param greeting a new connection says within this time who it is; a machine that starts many
///   processes at once is slow, and one that has ended is seen by its exit
public record LinkSettings(
    Limits limits, Duration heartbeat, Duration patience, Duration greeting) {
  /// @throws IllegalArgumentException if patience is not at least twice the heartbeat
  public LinkSettings {
    if (heartbeat.toMillis() < 1 || patience.compareTo(heartbeat.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException(
          "patience spans at least two heartbeats: link.patience=%s link.heartbeat=%s; healthy busy processes pause for seconds"
              .formatted(patience, heartbeat));
    }
  }

  /// A sign of life a second, patience of 8 s, 60 s for a greeting.
  public static LinkSettings defaults() {
    return new LinkSettings(
        Limits.defaults(), Duration.ofSeconds(1), Duration.ofSeconds(8), Duration.ofSeconds(60));
  }

  /// The same with other bounds of frames.
  public LinkSettings withLimits(Limits other) {
    return new LinkSettings(other, heartbeat, patience, greeting);
  }

  /// The same with other times of failure detection.
  public LinkSettings withDetection(Duration heartbeatEvery, Duration lostAfter) {
    return new LinkSettings(limits, heartbeatEvery, lostAfter, greeting);
  }
}
