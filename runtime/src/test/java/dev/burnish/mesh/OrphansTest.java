package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.burnish.testing.Signals;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A controller is killed at several moments: no descendant of it is alive ten seconds later.
/// Descendants of a controller are recognized by a variable of their environment.
class OrphansTest {
  private static final Duration BOUND = Duration.ofSeconds(10);
  private static final String VARIABLE = "BURNISH_TEST_FAMILY";

  private final String family = UUID.randomUUID().toString();

  interface Busy {
    long pid();

    void spin();
  }

  static final class BusyActor implements Busy {
    @Override
    public long pid() {
      return ProcessHandle.current().pid();
    }

    /// Ends with its process alone.
    @Override
    public void spin() {
      boolean idle = true;
      while (idle) {
        Thread.onSpinWait();
        idle = !Thread.currentThread().getName().isEmpty();
      }
    }
  }

  /// A program that is killed. Its argument says how far it runs before it reports that it is
  /// ready.
  public static final class Controller {
    private Controller() {}

    /// Runs.
    public static void main(String... args) throws Exception {
      Job job = Job.start(JobOptions.named("killed").withReach(InetAddress.getLoopbackAddress()));
      switch (args[0]) {
        case "starting" -> spawn(job.hosts());
        case "constructed" -> spawn(job.hosts()).gather(Busy::pid);
        case "calling" -> {
          OwnedMesh<Busy> busy = spawn(job.hosts());
          busy.gather(Busy::pid);
          busy.broadcast(Busy::spin);
        }
        case "hosts" -> {
          System.out.println("ticket " + job.ticket().text());
          spawn(job.awaitHosts(1)).gather(Busy::pid);
        }
        default -> throw new IllegalArgumentException(args[0]);
      }
      System.out.println("ready");
      Programs.awaitParent();
    }

    private static OwnedMesh<Busy> spawn(HostMesh hosts) {
      return hosts.spawnProcs(Map.of("gpus", 3)).spawn("busy", Busy.class, BusyActor::new);
    }
  }

  @BeforeEach
  void needsTheProcessesOfTheSystem() {
    assumeThat(Path.of("/proc/self/environ")).as("only Linux shows whose child is whose").exists();
  }

  @AfterEach
  void endTheFamily() {
    members().forEach(ProcessHandle::destroyForcibly);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void noneIsLeftOfThoseThatAreStarting(int numMembers) throws Exception {
    Process controller = start(Controller.class, "starting");
    await(members -> members.size() >= numMembers);
    assertNoneOutlives(controller);
  }

  @Test
  void noneIsLeftThatWasStoppedBeforeItSaidAnything() throws Exception {
    assumeThat(stopsAreUndone()).as("setpriv of util-linux is not there").isTrue();
    Process controller = start(Controller.class, "starting");
    await(members -> {
      List<ProcessHandle> workers = members.stream().filter(OrphansTest::isWorker).toList();
      workers.forEach(OrphansTest::stop);
      return workers.size() == 3;
    });
    assertNoneOutlives(controller);
  }

  /// From then on it has its signal: before, it is a copy of its parent, or `setpriv`.
  private static boolean isWorker(ProcessHandle process) {
    String command = file(process, "cmdline");
    return command.substring(0, Math.max(0, command.indexOf('\0'))).endsWith("java")
        && !command.contains(Controller.class.getName());
  }

  @Test
  void noneIsLeftOfThoseThatWait() throws Exception {
    Process controller = start(Controller.class, "constructed");
    awaitLine(controller, "ready");
    assertThat(members()).hasSize(4);
    assertNoneOutlives(controller);
  }

  /// A terminal sends it to the process group of its foreground job.
  @Test
  void ctrlCIsForTheControllerAlone() throws Exception {
    assumeThat(stopsAreUndone()).as("setpriv of util-linux is not there").isTrue();
    Process controller = start(Controller.class, "constructed");
    awaitLine(controller, "ready");
    List<String> workers =
        members().stream().filter(OrphansTest::isWorker).map(OrphansTest::group).toList();
    assertThat(workers).hasSize(3).doesNotContain(group(controller.toHandle()));
    assertNoneOutlives(controller);
  }

  /// The fifth word of `stat`, where the name of the program is one word.
  private static String group(ProcessHandle process) {
    return file(process, "stat").split(" ", -1)[4];
  }

  @Test
  void noneIsLeftOfThoseThatAreInACallForGood() throws Exception {
    Process controller = start(Controller.class, "calling");
    awaitLine(controller, "ready");
    assertNoneOutlives(controller);
  }

  @Test
  void noneIsLeftOfThoseThatAreStopped() throws Exception {
    Process controller = start(Controller.class, "constructed");
    awaitLine(controller, "ready");
    members().stream()
        .filter(member -> member.pid() != controller.pid())
        .forEach(OrphansTest::stop);
    assertNoneOutlives(controller);
  }

  /// They have asked for their signal themselves.
  @Test
  void noneIsLeftOfThoseThatAreStoppedWhereSetprivIsMissing(@TempDir Path programs)
      throws Exception {
    Process controller =
        start(Map.of("PATH", programs.toString()), Controller.class, "constructed");
    awaitLine(controller, "ready");
    assertThat(members()).hasSize(4);
    members().stream()
        .filter(member -> member.pid() != controller.pid())
        .forEach(OrphansTest::stop);
    assertNoneOutlives(controller);
  }

  @Test
  void noneIsLeftOnHostsThatJoined() throws Exception {
    Process controller = start(Controller.class, "hosts");
    Process host = start(HostProgram.class, awaitLine(controller, "ticket ").substring(7), "box");
    awaitLine(controller, "ready");
    ProcessHandle worker = host.descendants().findFirst().orElseThrow();
    stop(worker);
    assertThat(members()).hasSize(5);
    assertNoneOutlives(controller);
  }

  private void assertNoneOutlives(Process controller) throws Exception {
    long end = System.nanoTime() + BOUND.toNanos();
    controller.destroyForcibly().waitFor();
    List<ProcessHandle> left = members();
    while (!left.isEmpty() && System.nanoTime() < end) {
      left.getFirst().onExit().completeOnTimeout(left.getFirst(), 20, TimeUnit.MILLISECONDS).get();
      left = members();
    }
    assertThat(left.stream().map(ProcessHandle::pid).toList()).as("left of the family").isEmpty();
  }

  private Process start(Class<?> main, String... arguments) throws IOException {
    return start(Map.of(), main, arguments);
  }

  private Process start(Map<String, String> variables, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(Programs.command(main));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put(VARIABLE, family);
    builder.environment().putAll(variables);
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private void await(Predicate<List<ProcessHandle>> condition) {
    while (!condition.test(members())) {
      Thread.onSpinWait();
    }
  }

  private static String awaitLine(Process process, String beginning) throws IOException {
    BufferedReader out = process.inputReader();
    String line = out.readLine();
    while (line != null && !line.startsWith(beginning)) {
      line = out.readLine();
    }
    return Optional.ofNullable(line).orElseThrow();
  }

  private List<ProcessHandle> members() {
    String mark = VARIABLE + "=" + family;
    return ProcessHandle.allProcesses()
        .filter(process -> file(process, "environ").contains(mark))
        .toList();
  }

  private static String file(ProcessHandle process, String name) {
    try {
      Path file = Path.of("/proc", Long.toString(process.pid()), name);
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static void stop(ProcessHandle process) {
    try {
      Signals.stop(process.pid());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Where this is missing, a stopped process stays until somebody resumes it.
  private static boolean stopsAreUndone() throws Exception {
    try {
      return new ProcessBuilder("setpriv", "--pdeathsig", "CONT", "true").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
