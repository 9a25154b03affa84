package dev.burnish.mesh.placement;

import java.util.List;

/// The resources of a host, and their use.
///
/// @param processes the names of those that run there, and placeholders for those that have a place
///   and do not run yet
public record HostFree(String host, Capacity capacity, Capacity free, List<String> processes) {
  /// Such as `alpha: 2 of 8 cores, 100 of 32000 MB, GPUs [3] of [0, 1, 2, 3] free`.
  public String describe() {
    return "%s: %d of %d cores, %d of %d MB, GPUs %s of %s free"
        .formatted(
            host,
            free.cores(),
            capacity.cores(),
            free.megabytes(),
            capacity.megabytes(),
            free.gpus(),
            capacity.gpus());
  }
}
