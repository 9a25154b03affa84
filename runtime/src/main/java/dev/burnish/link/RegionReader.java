package dev.burnish.link;

import dev.burnish.link.bulk.BulkPeer;
import dev.burnish.link.bulk.BulkReader;
import dev.burnish.link.bulk.Request;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.ReplicaLost;
import java.util.ArrayList;
import java.util.HashMap;
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
  /// @return for the regions of processes that failed, how: each failure names its process. What
  ///   was wanted of the others is there, and actions of what was not have not run
  /// @throws dev.burnish.link.failure.CallCancelled on an interrupt
  /// @throws RuntimeException of an action of a request
  public Map<Region, CallFailure> read(List<Wanted> wanted) {
    Map<BulkPeer, List<BulkReader.Wanted>> byPeer = new LinkedHashMap<>();
    Map<BulkPeer, List<Region>> regions = new HashMap<>();
    Map<Region, CallFailure> failures = new LinkedHashMap<>();
    for (Wanted each : wanted) {
      Region.Elsewhere place = each.region().elsewhere();
      switch (place.hold()) {
        case Region.Hold.Held held -> {
          reader = reader.or(() -> Optional.of(new BulkReader(held.settings())));
          byPeer
              .computeIfAbsent(held.peer(), _ -> new ArrayList<>())
              .add(new BulkReader.Wanted(place.id(), each.request(), each.what()));
          regions.computeIfAbsent(held.peer(), _ -> new ArrayList<>()).add(each.region());
        }
        case Region.Hold.Lost lost -> failures.put(each.region(), lost(each, place, lost));
      }
    }
    reader.ifPresent(open ->
        open.read(byPeer)
            .forEach((peer, failure) ->
                regions
                    .getOrDefault(peer, List.of())
                    .forEach(region -> failures.put(region, failure))));
    return failures;
  }

  private static ReplicaLost lost(Wanted wanted, Region.Elsewhere place, Region.Hold.Lost lost) {
    return new ReplicaLost(
        "a region of another host is lost: peer=%s what=%s (%s)"
            .formatted(place.owner(), wanted.what(), lost.cause().getMessage()),
        lost.cause());
  }

  /// Ends the connections.
  @Override
  public void close() {
    reader.ifPresent(BulkReader::close);
    reader = Optional.empty();
  }
}
