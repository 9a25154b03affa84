package dev.burnish.link;

import dev.burnish.link.bulk.BulkPeer;
import dev.burnish.link.bulk.BulkReader;
import dev.burnish.link.bulk.Request;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.ReplicaLost;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads bytes of regions that are on other hosts, over connections that stay open until this is
/// closed. One call at a time.
public final class RegionReader implements AutoCloseable {
  private Optional<BulkReader> reader = Optional.empty();

  /// A request about a region.
  ///
  /// @param region on another host
  /// @param what it is for, for messages, such as a key
  public record Wanted(Region region, Request request, String what) {}

  /// Reads from all processes at the same time.
  ///
  /// @return how processes failed, each of which is named; what was wanted of the others is there,
  ///   and actions of what was not have not run
  /// @throws dev.burnish.link.failure.CallCancelled on an interrupt
  /// @throws RuntimeException of an action of a request
  public Collection<CallFailure> read(List<Wanted> wanted) {
    Map<BulkPeer, List<BulkReader.Wanted>> byPeer = new LinkedHashMap<>();
    List<CallFailure> failures = new ArrayList<>();
    for (Wanted each : wanted) {
      Region.Elsewhere place = each.region().elsewhere();
      switch (place.hold()) {
        case Region.Hold.Held held -> {
          reader = reader.or(() -> Optional.of(new BulkReader(held.settings())));
          byPeer
              .computeIfAbsent(held.peer(), _ -> new ArrayList<>())
              .add(new BulkReader.Wanted(place.id(), each.request(), each.what()));
        }
        case Region.Hold.Lost lost ->
            failures.add(
                new ReplicaLost(
                    "a region of another host is lost: peer=%s what=%s (%s)"
                        .formatted(place.owner(), each.what(), lost.cause().getMessage()),
                    lost.cause()));
      }
    }
    reader.ifPresent(open -> failures.addAll(open.read(byPeer).values()));
    return failures;
  }

  /// Ends the connections.
  @Override
  public void close() {
    reader.ifPresent(BulkReader::close);
    reader = Optional.empty();
  }
}
