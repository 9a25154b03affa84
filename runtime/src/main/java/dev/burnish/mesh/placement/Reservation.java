package dev.burnish.mesh.placement;

/// The resources that a number of processes request from a host.
///
/// @param holder of the reservation until it is released, such as `policy/0#17`: the name of the
///   processes' mesh comes before the last `#`
public record Reservation(String holder, Demand each, int count) {
  /// The name of the mesh whose processes it is for.
  String mesh() {
    int end = holder.lastIndexOf('#');
    return end < 0 ? holder : holder.substring(0, end);
  }
}
