package dev.burnish.link.bulk;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/// Reads bytes of other processes' regions, from each of them over several connections, which stay
/// open until this is closed. One call at a time.
///
/// A connection that is lost is made again, and only what it has not answered is asked again. A
/// peer from which nothing comes in time, or whose connections are lost again and again, is given
/// up; the others are read to the end.
public final class BulkReader implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(100);

  /// Bytes that are worth a connection.
  private static final long PER_CONNECTION = 8L << 20;

  private final BulkSettings settings;
  private final Map<BulkPeer, List<Lane>> lanes = new HashMap<>();

  public BulkReader(BulkSettings settings) {
    this.settings = settings;
  }

  /// A request about a region.
  ///
  /// @param region number of it at its owner
  /// @param what it is for, for messages
  public record Wanted(long region, Request request, String what) {}

  /// Reads.
  ///
  /// @return how peers failed; all that was wanted of the others is there
  /// @throws CallCancelled on an interrupt
  /// @throws RuntimeException of an action of a request. No thread of this writes to any target
  ///   when this has returned or thrown
  public Map<BulkPeer, CallFailure> read(Map<BulkPeer, List<Wanted>> wanted) {
    CountDownLatch ended = new CountDownLatch(1);
    List<Transfer> transfers = new ArrayList<>();
    Transfer.Group group = new Transfer.Group(ended);
    wanted.forEach((peer, requests) ->
        transfers.add(new Transfer(peer, requests, lanes(peer, requests), settings, group)));
    transfers.forEach(Transfer::start);
    group.opened();
    try {
      while (!Waits.await(ended, LOOK)) {
        transfers.forEach(Transfer::giveUpIfStalled);
      }
    } catch (InterruptedException e) {
      throw CallCancelled.by(e, "interrupted while bytes of other hosts are read");
    } finally {
      transfers.forEach(Transfer::end);
      awaitEnd(ended);
    }
    group.rethrow();
    Map<BulkPeer, CallFailure> failures = new HashMap<>();
    transfers.forEach(
        each -> each.failure().ifPresent(failure -> failures.put(each.peer(), failure)));
    return failures;
  }

  /// As many as the bytes are worth.
  private List<Lane> lanes(BulkPeer peer, List<Wanted> requests) {
    long bytes = requests.stream().mapToLong(each -> each.request().from().bytes()).sum();
    int number = Math.clamp(bytes / PER_CONNECTION, 1, settings.numConnections());
    List<Lane> known = lanes.computeIfAbsent(peer, _ -> new ArrayList<>());
    while (known.size() < number) {
      known.add(new Lane(peer, known.size(), settings));
    }
    return List.copyOf(known.subList(0, number));
  }

  /// The targets are the caller's again when this returns: at once, as connections are closed.
  private static void awaitEnd(CountDownLatch ended) {
    boolean interrupted = Thread.interrupted();
    while (true) {
      try {
        Waits.await(ended);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the connections.
  @Override
  public void close() {
    lanes.values().forEach(each -> each.forEach(Lane::close));
    lanes.clear();
  }
}
