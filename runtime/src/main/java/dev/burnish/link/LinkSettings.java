package dev.burnish.link;

import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.wire.Limits;
import java.time.Duration;

/// How connections behave.
///
/// @param limits of frames
/// @param heartbeat a heartbeat is sent after this long without another frame
/// @param heartbeatTimeout a peer that is silent for this long is lost
/// @param handshakeTimeout time limit for the handshake of a new connection; a machine that starts
///   many processes at once is slow, and one that has ended is seen by its exit
/// @param bulk how regions are read by other hosts
public record LinkSettings(
    Limits limits,
    Duration heartbeat,
    Duration heartbeatTimeout,
    Duration handshakeTimeout,
    BulkSettings bulk) {
  /// @throws IllegalArgumentException if `heartbeatTimeout` is less than two heartbeats
  public LinkSettings {
    if (heartbeat.toMillis() < 1 || heartbeatTimeout.compareTo(heartbeat.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException(
          "heartbeatTimeout must be at least two heartbeats: link.heartbeatTimeout=%s link.heartbeat=%s; healthy busy processes pause for seconds"
              .formatted(heartbeatTimeout, heartbeat));
    }
  }

  /// A heartbeat per second, a peer lost after 8 s of silence, 60 s for a handshake.
  public static LinkSettings defaults() {
    return new LinkSettings(
        Limits.defaults(),
        Duration.ofSeconds(1),
        Duration.ofSeconds(8),
        Duration.ofSeconds(60),
        BulkSettings.defaults());
  }

  /// Returns these settings with other limits of frames.
  public LinkSettings withLimits(Limits other) {
    return new LinkSettings(other, heartbeat, heartbeatTimeout, handshakeTimeout, bulk);
  }

  /// Returns these settings with other times of the failure detector.
  public LinkSettings withDetection(Duration heartbeatEvery, Duration lostAfter) {
    return new LinkSettings(limits, heartbeatEvery, lostAfter, handshakeTimeout, bulk);
  }

  /// Returns these settings with another way in which other hosts read regions.
  public LinkSettings withBulk(BulkSettings other) {
    return new LinkSettings(limits, heartbeat, heartbeatTimeout, handshakeTimeout, other);
  }
}
