package dev.burnish.mesh.placement;

import java.util.Comparator;
import java.util.List;

/// The hosts that the processes of a mesh go to: all to the first of the order that has room for
/// all of them, else to as many hosts as it takes, in that order.
@FunctionalInterface
public interface Placement {
  /// The suitable hosts, the best first.
  List<HostFree> order(List<HostFree> hosts);

  /// Fills hosts: the most used host comes first, so that whole hosts stay free.
  static Placement pack() {
    return hosts ->
        hosts.stream()
            .sorted(
                Comparator.<HostFree>comparingInt(host -> host.free().gpus().size())
                    .thenComparingInt(host -> host.free().cores())
                    .thenComparingInt(host -> -host.processes().size()))
            .toList();
  }

  /// Uses all hosts alike: the host that runs the fewest processes, or has reserved a place for
  /// them, comes first.
  static Placement spread() {
    return hosts ->
        hosts.stream()
            .sorted(
                Comparator.<HostFree>comparingInt(host -> host.processes().size())
                    .thenComparingInt(host -> -host.free().gpus().size()))
            .toList();
  }

  /// Hosts on which processes of a mesh of this name run, those with most of them first.
  static Placement with(String mesh) {
    return hosts ->
        hosts.stream()
            .filter(host -> numOf(mesh, host) > 0)
            .sorted(Comparator.comparingLong(host -> -numOf(mesh, host)))
            .toList();
  }

  private static long numOf(String mesh, HostFree host) {
    return host.processes().stream().filter(name -> name.startsWith(mesh + "/")).count();
  }
}
