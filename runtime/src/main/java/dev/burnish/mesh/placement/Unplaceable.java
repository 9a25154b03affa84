package dev.burnish.mesh.placement;

import java.util.List;
import java.util.stream.Collectors;

/// The requested resources are not free.
public final class Unplaceable extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// @param hosts that were queried
  public Unplaceable(String name, int count, Demand each, List<HostFree> hosts) {
    this(name, count, each, hosts, List.of());
  }

  /// @param hosts that were queried
  /// @param silent reasons for hosts that could not be queried, such as `n2: it is lost`
  public Unplaceable(
      String name, int count, Demand each, List<HostFree> hosts, List<String> silent) {
    super(
        "there is no room for the processes of %s: procs=%d, each with cores=%d megabytes=%d gpus=%d; %s%s; ask for less, or close what is not needed"
            .formatted(
                name,
                count,
                each.cores(),
                each.megabytes(),
                each.gpus(),
                hosts.isEmpty()
                    ? "no host will do"
                    : hosts.stream().map(HostFree::describe).collect(Collectors.joining("; ")),
                silent.isEmpty()
                    ? ""
                    : "; hosts that do not answer: " + String.join("; ", silent)));
  }
}
