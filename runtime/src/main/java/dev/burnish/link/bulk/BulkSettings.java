package dev.burnish.link.bulk;

import dev.burnish.link.transport.HostChannel.Protection;
import java.time.Duration;

/// How bulk data goes between hosts.
///
/// @param protection of the bytes on their way; the stricter one of both sides counts
/// @param numConnections from a reader to a process that it reads from
/// @param numAhead requests that wait for their answer on a connection, of at most
///   [Request#LARGEST] bytes each
/// @param patience a peer from which nothing comes for this long is given up; one that waits for
///   the bytes itself and says so, after eight times that
public record BulkSettings(
    Protection protection, int numConnections, int numAhead, Duration patience) {
  /// @throws IllegalArgumentException if a number or the time is not above zero
  public BulkSettings {
    if (numConnections < 1 || numAhead < 1 || patience.toMillis() < 1) {
      throw new IllegalArgumentException(
          "numbers must be above zero: bulk.numConnections=%d bulk.numAhead=%d bulk.patience=%s"
              .formatted(numConnections, numAhead, patience));
    }
  }

  /// Encrypted, over 4 connections with 4 requests each, 15 s without a byte.
  public static BulkSettings defaults() {
    return new BulkSettings(Protection.ENCRYPTED, 4, 4, Duration.ofSeconds(15));
  }

  /// How often a reader is told that what it asked for still comes: often enough for its patience.
  Duration pulse() {
    return patience.dividedBy(8);
  }

  /// Time without any byte, though a peer tells that they come, after which it is given up.
  Duration patienceWithRelays() {
    return patience.multipliedBy(8);
  }

  /// The same with another protection.
  public BulkSettings withProtection(Protection other) {
    return new BulkSettings(other, numConnections, numAhead, patience);
  }

  /// The same with another number of connections.
  public BulkSettings withConnections(int other) {
    return new BulkSettings(protection, other, numAhead, patience);
  }

  /// The same with another patience.
  public BulkSettings withPatience(Duration other) {
    return new BulkSettings(protection, numConnections, numAhead, other);
  }
}
