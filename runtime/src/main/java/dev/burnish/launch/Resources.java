package dev.burnish.launch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The resources of a process.
///
/// @param cores for computing; thread counts of libraries are set to it
/// @param megabytes of heap at most
/// @param cudaDevices visible to it
/// @param work its kind of work, which decides how its JVM compiles
/// @param environment additional variables
/// @param flags additional flags of its JVM
public record Resources(
    int cores,
    int megabytes,
    List<Integer> cudaDevices,
    Work work,
    Map<String, String> environment,
    List<String> flags) {
  /// The kind of work of a process.
  public enum Work {
    /// Waits and talks: starts fast, stays small.
    LIGHT,
    /// Computes: all compilers, Vector API.
    COMPUTE
  }

  /// @throws IllegalArgumentException if there is no core or too little memory
  public Resources {
    if (cores < 1 || megabytes < 16) {
      throw new IllegalArgumentException(
          "a process has a core and 16 MB of heap: launch.cores=%d launch.megabytes=%d"
              .formatted(cores, megabytes));
    }
    cudaDevices = List.copyOf(cudaDevices);
    environment = Map.copyOf(environment);
    flags = List.copyOf(flags);
  }

  /// One core, 256 MB, no device, light work.
  public static Resources light() {
    return new Resources(1, 256, List.of(), Work.LIGHT, Map.of(), List.of());
  }

  /// Cores and memory for a process that computes.
  public static Resources compute(int cores, int megabytes) {
    return new Resources(cores, megabytes, List.of(), Work.COMPUTE, Map.of(), List.of());
  }

  /// The same with another number of cores.
  public Resources withCores(int number) {
    return new Resources(number, megabytes, cudaDevices, work, environment, flags);
  }

  /// The same with other devices.
  public Resources withCudaDevices(List<Integer> devices) {
    return new Resources(cores, megabytes, devices, work, environment, flags);
  }

  /// The same with an additional variable.
  public Resources withVariable(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(environment);
    more.put(name, value);
    return new Resources(cores, megabytes, cudaDevices, work, more, flags);
  }

  /// The same with an additional flag of the JVM.
  public Resources withFlag(String flag) {
    List<String> more = new ArrayList<>(flags);
    more.add(flag);
    return new Resources(cores, megabytes, cudaDevices, work, environment, more);
  }
}
