package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Node;
import dev.burnish.actor.NodeSettings;
import dev.burnish.actor.Stub;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.trace.TraceSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// The running jobs of this user on this host, seen from outside. Each has a folder that only its
/// user can enter, with what is needed to talk to it.
public final class Jobs {
  private static final String FILE = "job";
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private Jobs() {}

  /// Notes how to talk to a job, in its folder.
  public static void publish(JobFolder folder, ProcessAddress controller, byte[] token)
      throws IOException {
    Path file = folder.path().resolve(FILE);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(
        file, List.of(controller.host(), controller.socket(), HexFormat.of().formatHex(token)));
  }

  /// The ids of jobs whose controller runs. Folders of others, which were killed, are removed.
  public static List<String> running() {
    Path base = JobFolder.base();
    if (!Files.isDirectory(base)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(base)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve(FILE)))
          .filter(Jobs::isAlive)
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the folder of jobs: " + base, e);
    }
  }

  private static boolean isAlive(Path folder) {
    boolean alive = ProcessHandle.of(pid(folder)).filter(ProcessHandle::isAlive).isPresent();
    if (!alive) {
      new JobFolder(folder).close();
    }
    return alive;
  }

  /// Names are `name-pid`, with a further number where one process has several jobs.
  private static long pid(Path folder) {
    String[] parts = folder.getFileName().toString().split("-", -1);
    for (int i = parts.length - 1; i > 0; i--) {
      if (parts[i].matches("[0-9]{3,}")) {
        return Long.parseLong(parts[i]);
      }
    }
    return Long.MAX_VALUE;
  }

  /// The tree of a job.
  ///
  /// @throws IllegalArgumentException if there is no such job
  public static JobControl.JobStatus status(String job) {
    return ask(job, JobControl::status);
  }

  /// The last lines that a process of a job printed.
  ///
  /// @throws IllegalArgumentException if there is no such job or process
  public static List<String> log(String job, String process) {
    return ask(job, control -> control.log(process));
  }

  /// Ends a job; returns when its controller has taken note.
  ///
  /// @throws IllegalArgumentException if there is no such job
  public static void stop(String job) {
    ask(
        job,
        control -> {
          control.stop();
          return true;
        });
  }

  private static <R> R ask(String job, Function<JobControl, R> question) {
    List<String> running = running();
    if (!running.contains(job)) {
      throw new IllegalArgumentException(
          "there is no such job: job=%s running=%s".formatted(job, running));
    }
    Path folder = JobFolder.base().resolve(job);
    try {
      List<String> lines = Files.readAllLines(folder.resolve(FILE));
      String visitor = "visitor-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
      SocketNetwork network =
          SocketNetwork.open(
              visitor,
              lines.get(0),
              folder,
              NodeSettings.defaults().link().limits().maxBytes(),
              Optional.empty());
      try (Node node =
          Nodes.open(
              network,
              HexFormat.of().parseHex(lines.get(2)),
              NodeSettings.defaults(),
              Jobs.class.getClassLoader(),
              Optional.empty(),
              TraceSettings.defaults())) {
        ProcessAddress controller =
            new ProcessAddress(Node.CONTROLLER, lines.get(0), lines.get(1), "");
        return question.apply(
            node.stub(
                JobControl.class,
                Stub.Target.of(job, new ActorRef(controller, JobControl.NUMBER)),
                TIMEOUT));
      }
    } catch (IOException | CallFailure e) {
      throw new IllegalArgumentException(
          "the job does not answer: job=%s (%s)".formatted(job, e.getMessage()), e);
    }
  }
}
