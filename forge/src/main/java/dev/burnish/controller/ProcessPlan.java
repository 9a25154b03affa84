package dev.burnish.controller;

import dev.burnish.launch.Resources;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.JobOptions.Processes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The processes of a run, with what each may use.
///
/// @param kind whether they are processes, or threads of this one
/// @param roles the controller first
public record ProcessPlan(Processes kind, List<Role> roles) {
  /// Heap of a process that computes: its tensors lie outside.
  private static final int COMPUTE_HEAP = 512;

  /// Processes that do the same.
  ///
  /// @param name such as `trainer`
  /// @param count of processes
  /// @param each what one of them may use
  /// @param use of memory besides the heap, in words
  public record Role(String name, int count, Resources each, String use) {
    /// Cores that each computes with.
    public int cores() {
      return each.cores();
    }

    /// Heap of each at most.
    public int heapMegabytes() {
      return each.megabytes();
    }

    /// The processes as people know them: a line each.
    ///
    /// @param pids of the processes of a replica
    public String processes(IntFunction<List<Long>> pids) {
      return IntStream.range(0, count)
          .mapToObj(replica ->
              "  %-12s %s %d %s"
                  .formatted(
                      count == 1 ? name : name + "/" + replica,
                      pid(pids, replica),
                      cores(),
                      cores() == 1 ? "core" : "cores"))
          .collect(Collectors.joining("\n"));
    }

    private static String pid(IntFunction<List<Long>> pids, int replica) {
      try {
        return "pid %-8d".formatted(pids.apply(replica).getFirst());
      } catch (ReplicaLost e) {
        return "is started again";
      }
    }
  }

  public ProcessPlan {
    roles = List.copyOf(roles);
  }

  /// The plan for a machine of that many cores.
  public static ProcessPlan of(LoopSettings settings, int cores) {
    int trainer = cores;
    int generator = Math.max(1, cores / settings.generators());
    if (settings.overlaps() && settings.processes() == Processes.JVMS) {
      trainer = Math.max(1, (cores + 1) / 2);
      generator = Math.max(1, (cores - trainer) / settings.generators());
    }
    trainer = settings.cores().trainer() > 0 ? settings.cores().trainer() : trainer;
    generator = settings.cores().generator() > 0 ? settings.cores().generator() : generator;
    List<Role> roles = new ArrayList<>();
    roles.add(
        new Role(
            "trainer",
            1,
            Resources.compute(trainer, COMPUTE_HEAP),
            "weights, gradients, moments, activations"));
    roles.add(
        new Role(
            "generator",
            settings.generators(),
            Resources.compute(generator, COMPUTE_HEAP),
            "packed weights, keys and values"));
    if (settings.rewardReplicas() > 0) {
      roles.add(light("reward", settings.rewardReplicas()));
    }
    Resources light = Resources.light();
    roles.add(new Role("buffer", 1, light, "groups that wait"));
    roles.add(new Role("weights", 1, light, "%d versions".formatted(settings.maxStaleness() + 2)));
    return new ProcessPlan(settings.processes(), roles);
  }

  /// Processes that compute little.
  static Role light(String name, int count) {
    return new Role(name, count, Resources.light(), "");
  }

  /// The role of that name.
  ///
  /// @throws IllegalArgumentException if there is none
  Role role(String name) {
    return roles.stream()
        .filter(role -> role.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no process of that name: role=" + name));
  }

  /// The heading of the list of processes.
  public String title() {
    return switch (kind) {
      case JVMS ->
          "controller pid %d, and in processes of their own (kill one with kill -9, and watch):"
              .formatted(ProcessHandle.current().pid());
      case THREADS -> "controller, and in threads of its process:";
    };
  }

  /// A table: process, how many, cores, heap, devices.
  public String table() {
    StringBuilder table =
        new StringBuilder(
            "  %-12s %5s %5s %9s %7s  %s%n"
                .formatted(
                    kind == Processes.JVMS ? "process" : "thread",
                    "count",
                    "cores",
                    "heap",
                    "devices",
                    ""));
    for (Role role : roles) {
      table.append(
          "  %-12s %5d %5d %6d MB %7s  %s%n"
              .formatted(
                  role.name(),
                  role.count(),
                  role.cores(),
                  role.heapMegabytes(),
                  "cpu",
                  role.use()));
    }
    return table.toString().stripTrailing();
  }
}
