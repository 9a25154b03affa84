package dev.burnish.controller;

import dev.burnish.controller.recording.TrainerRole;
import dev.burnish.launch.Resources;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.FlatLayout;
import dev.burnish.rl.loop.RolloutSettings.Mode;
import dev.burnish.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The processes of a run, with what each may use.
///
/// @param kind whether they are processes, or threads of this one
/// @param roles the controller first
public record ProcessPlan(Processes kind, List<Role> roles) {
  /// Heap of a process that computes, without matrices: tensors lie outside.
  private static final int COMPUTE_HEAP = 512;

  /// A heap that is full of matrices for the whole life of its process: it grows by what they need,
  /// and no part of it is set aside for young objects in proportion.
  private static final List<String> HEAP_FLAGS =
      List.of("-Xmn32m", "-XX:MinHeapFreeRatio=5", "-XX:MaxHeapFreeRatio=15");

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

  /// The plan for this machine.
  ///
  /// @param model of the policy
  public static ProcessPlan of(LoopSettings settings, LoopPlan plan, LanguageModel model) {
    ProcessPlan processes =
        of(
            settings,
            Runtime.getRuntime().availableProcessors(),
            model.decoder().weights().layouts());
    return plan.updates().critic().isPresent() ? processes.withCritic() : processes;
  }

  /// The same with a critic, which takes turns with the trainer: it has the same cores.
  ProcessPlan withCritic() {
    List<Role> all = new ArrayList<>(roles);
    Role trainer = role("trainer");
    all.add(
        all.indexOf(trainer) + 1,
        new Role(TrainerRole.CRITIC.process(), 1, trainer.each(), trainer.use()));
    return new ProcessPlan(kind, all);
  }

  /// The plan for a machine of that many cores, and a model of those parts.
  ///
  /// Other hosts are taken to have as many cores as this one, and generators there share them with
  /// no trainer. A generator's packed matrices are in its heap, twice where a version is laid out
  /// while another is in use; a trainer packs one matrix at a time, and what it is multiplied with.
  static ProcessPlan of(LoopSettings settings, int cores, List<FlatLayout> model) {
    int trainer = cores;
    int hosts = settings.isElsewhere() ? settings.hosts().numHosts() : 1;
    int perHost = (settings.generators() + hosts - 1) / hosts;
    int generator = Math.max(1, cores / perHost);
    if (!settings.isElsewhere() && settings.overlaps() && settings.processes() == Processes.JVMS) {
      trainer = Math.max(1, (cores + 1) / 2);
      generator = Math.max(1, (cores - trainer) / settings.generators());
    }
    trainer = settings.cores().trainer() > 0 ? settings.cores().trainer() : trainer;
    generator = settings.cores().generator() > 0 ? settings.cores().generator() : generator;
    long[] parts = model.stream().mapToLong(part -> megabytes(part.size())).toArray();
    long largest = Arrays.stream(parts).max().orElse(0);
    long packed = Arrays.stream(parts).sum() * (settings.mode() == Mode.CONTINUOUS ? 2 : 1);
    List<Role> roles = new ArrayList<>();
    roles.add(
        new Role(
            "trainer",
            1,
            compute(trainer, heap(2 * largest)),
            "weights, gradients, moments, activations"));
    roles.add(
        new Role(
            "generator",
            settings.generators(),
            compute(generator, heap(packed)),
            "packed weights, keys and values"));
    if (settings.rewardReplicas() > 0) {
      roles.add(light("reward", settings.rewardReplicas()));
    }
    Resources light = Resources.light();
    roles.add(new Role("buffer", 1, light, "groups that wait"));
    String versions = "%d versions".formatted(settings.maxStaleness() + 2);
    roles.add(new Role("weights", 1, light, versions));
    if (settings.isElsewhere()) {
      roles.add(new Role(HostCopies.SENDER, 1, light, "sends versions to other hosts"));
      roles.add(new Role(HostCopies.ROLE, hosts, light, versions + ", one on each other host"));
    }
    return new ProcessPlan(settings.processes(), roles);
  }

  /// Processes that compute little.
  static Role light(String name, int count) {
    return new Role(name, count, Resources.light(), "");
  }

  private static Resources compute(int cores, int heapMegabytes) {
    Resources resources = Resources.compute(cores, heapMegabytes);
    for (String flag : HEAP_FLAGS) {
      resources = resources.withFlag(flag);
    }
    return resources;
  }

  private static long megabytes(long floats) {
    return ((floats * DType.F32.bytes()) >> 20) + 1;
  }

  private static int heap(long matrices) {
    return Math.toIntExact(COMPUTE_HEAP + matrices);
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
