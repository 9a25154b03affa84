package dev.burnish.mesh.placement;

import java.util.List;
import java.util.stream.Collectors;

/// What was asked for is not free.
public final class Unplaceable extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// @param hosts that were looked at
  public Unplaceable(String name, int count, Demand each, List<HostFree> hosts) {
    super(
        "there is no room for the processes of %s: procs=%d, each with cores=%d megabytes=%d gpus=%d; %s; ask for less, or close what is not needed"
            .formatted(
                name,
                count,
                each.cores(),
                each.megabytes(),
                each.gpus(),
                hosts.isEmpty()
                    ? "no host will do"
                    : hosts.stream().map(HostFree::describe).collect(Collectors.joining("; "))));
  }
}
