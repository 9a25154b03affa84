package dev.burnish.mesh.placement;

/// The resources that a process has for itself alone. Resources that it does not request are
/// shared: cores may then serve more processes than there are, which suits processes that mostly
/// wait. Devices are never shared.
///
/// @param cores 0 to share them
/// @param megabytes of memory, 0 to share it
/// @param gpus devices
public record Demand(int cores, int megabytes, int gpus) {
  /// @throws IllegalArgumentException if a number is negative
  public Demand {
    if (cores < 0 || megabytes < 0 || gpus < 0) {
      throw new IllegalArgumentException(
          "a process asks for something or nothing: placement.cores=%d placement.megabytes=%d placement.gpus=%d"
              .formatted(cores, megabytes, gpus));
    }
  }

  /// Shares everything.
  public static Demand none() {
    return new Demand(0, 0, 0);
  }

  /// How many such processes fit into the free resources.
  int numFitting(Capacity free) {
    int most = Integer.MAX_VALUE;
    most = cores == 0 ? most : Math.min(most, free.cores() / cores);
    most = megabytes == 0 ? most : Math.min(most, free.megabytes() / megabytes);
    return gpus == 0 ? most : Math.min(most, free.gpus().size() / gpus);
  }
}
