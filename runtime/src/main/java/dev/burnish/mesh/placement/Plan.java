package dev.burnish.mesh.placement;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The number of processes for each host.
public record Plan(List<Share> shares) {
  /// Processes of one host.
  ///
  /// @param host its position among those that were queried
  public record Share(int host, int count) {}

  /// A plan for processes with equal demands, if there is room.
  public static Optional<Plan> of(
      int count, Demand each, Placement placement, List<HostFree> hosts) {
    List<HostFree> order = placement.order(hosts);
    for (HostFree host : order) {
      if (each.numFitting(host.free()) >= count) {
        return Optional.of(new Plan(List.of(new Share(hosts.indexOf(host), count))));
      }
    }
    List<Share> shares = new ArrayList<>();
    int left = count;
    for (HostFree host : order) {
      int here = Math.min(left, each.numFitting(host.free()));
      if (here > 0) {
        shares.add(new Share(hosts.indexOf(host), here));
        left -= here;
      }
    }
    return left == 0 ? Optional.of(new Plan(shares)) : Optional.empty();
  }
}
