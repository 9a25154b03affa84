package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.testing.LoopKiller;
import dev.burnish.testing.LoopKiller.Kill;
import dev.burnish.testing.LoopProgram;
import dev.burnish.testing.LoopResult;
import dev.burnish.testing.SshNodes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/// Loops whose generators are on other hosts than their trainer, by settings alone: they end with
/// the numbers and the weights of a loop in the threads of one process.
@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class OtherHostsLoopTest {
  @TempDir private Path folder;

  private static List<String> arguments(Path runs, List<String> settings) {
    List<String> arguments = new ArrayList<>(List.of("--runs", runs.toString()));
    settings.forEach(setting -> arguments.addAll(List.of("--set", setting)));
    return arguments;
  }

  private LoopResult inThreads(int steps, List<String> settings) throws Exception {
    Path runs = folder.resolve("threads");
    run(runs, Stream.concat(settings.stream(), Stream.of("processes=THREADS")).toList());
    return LoopResult.of(runs, steps);
  }

  private LoopResult onHosts(int numHosts, int steps, List<String> settings, List<Kill> kills)
      throws Exception {
    Path runs = folder.resolve("hosts");
    LoopKiller killer = new LoopKiller("run-" + ProcessHandle.current().pid(), kills);
    try (SshNodes nodes = new SshNodes(Files.createDirectory(folder.resolve("keys")));
        killer;
        FaultPoint.Installed _ = FaultPoint.install(killer::reached)) {
      run(runs, Stream.concat(settings.stream(), nodes.settings(numHosts).stream()).toList());
    }
    assertThat(killer.done()).as("kills before the run had ended").isEqualTo(kills.size());
    return LoopResult.of(runs, steps);
  }

  private static void run(Path runs, List<String> settings) {
    LoopProgram.main(arguments(runs, settings).toArray(String[]::new));
  }

  private static List<String> settings(int steps, String... more) {
    List<String> settings = new ArrayList<>(List.of("steps=" + steps, "rewardReplicas=0"));
    settings.addAll(List.of(more));
    return settings;
  }

  @Test
  void theNumbersOfGeneratorsOnTwoHostsAreThoseOfOneProcess() throws Exception {
    List<String> settings = settings(4, "maxStaleness=1", "generators=2");
    onHosts(2, 4, settings, List.of())
        .requireSame(inThreads(4, settings), "two generators, each on a host of its own");
  }

  /// Its generator is started again on the other host.
  @Test
  void theNumbersAreTheSameWhenAHostIsLost() throws Exception {
    List<Kill> kills = List.of(Kill.ofHost(LoopKiller.STEP, 3, "copies-1"));
    List<String> settings = settings(6, "maxStaleness=1", "generators=2", "transfer=CHANGES");
    onHosts(2, 6, settings, kills).requireSame(inThreads(6, settings), kills.toString());
  }

  /// The host's copies, a generator there, and the trainer while a version goes there; at last the
  /// copies are stopped.
  @Test
  void theNumbersAreTheSameWhenProcessesOfEitherSideAreKilled() throws Exception {
    List<Kill> kills =
        List.of(
            Kill.of(LoopKiller.STEP, 2, "copies").after(20),
            Kill.of("keeper.published", 3, "trainer"),
            Kill.of("keeper.published", 4, "copies", "generator"),
            Kill.of("keeper.published", 5, "weights", "sender"),
            Kill.of(LoopKiller.STEP, 6, "copies").by("STOP"));
    List<String> settings = settings(7, "maxStaleness=1");
    onHosts(1, 7, settings, kills).requireSame(inThreads(7, settings), kills.toString());
  }

  @Test
  void theNumbersOfAnAdaptedPolicyWithACriticAreThoseOfOneProcess() throws Exception {
    List<String> settings = settings(3, "algorithm=PPO", "lora.rank=2");
    onHosts(1, 3, settings, List.of()).requireSame(inThreads(3, settings), "PPO with LoRA");
  }
}
