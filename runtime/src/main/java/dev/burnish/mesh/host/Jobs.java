package dev.burnish.mesh.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Stub;
import dev.burnish.files.PrivateFolder;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.VisitorNetwork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// The running jobs of this user on this host, seen from outside. Each has a folder that only its
/// user can enter, with the data needed to talk to it.
///
/// A process that asks a job serves nothing itself, and talks to processes of its own user alone. A
/// job that does not answer is given up after a time.
public final class Jobs {
  private static final String FILE = "job";
  private static final int MOST = 1 << 16;

  /// Limit for an answer, and for everything that leads to it.
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final Duration LONGEST = TIMEOUT.plusSeconds(2);

  private Jobs() {}

  /// The answer of a running job.
  public sealed interface Heard {
    /// The status that the job reports.
    record Told(JobControl.JobStatus status) implements Heard {}

    /// It says nothing.
    record Silent(String job, String reason) implements Heard {}
  }

  /// Records how to talk to a job, in its folder.
  public static void publish(JobFolder folder, ProcessAddress controller, byte[] token)
      throws IOException {
    List<String> lines =
        List.of(controller.host(), controller.socket(), HexFormat.of().formatHex(token));
    folder.content().write(FILE, (String.join("\n", lines) + "\n").getBytes(UTF_8));
  }

  /// The ids of jobs whose controller runs. Folders of others, which were killed, are removed.
  public static List<String> running() {
    TreeSet<String> ids = new TreeSet<>();
    for (PrivateFolder base : JobFolders.all()) {
      try {
        for (String name : base.names()) {
          Optional<PrivateFolder> job = base.folder(name).filter(JobFolder::lives);
          if (job.isPresent() && job.get().hasFile(FILE)) {
            ids.add(name);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read the folder of jobs: " + base.path(), e);
      }
    }
    return List.copyOf(ids);
  }

  /// The answers of all running jobs, asked at the same time, in the order of their ids. A job that
  /// ends meanwhile is left out.
  public static List<Heard> all() {
    List<String> ids = running();
    List<Callable<Optional<Heard>>> questions = new ArrayList<>();
    ids.forEach(id -> questions.add(() -> hear(id)));
    List<Heard> heard = new ArrayList<>();
    List<Optional<Optional<Heard>>> answers = inTime(questions);
    for (int i = 0; i < ids.size(); i++) {
      String id = ids.get(i);
      answers.get(i).orElseGet(() -> silent(id, late())).ifPresent(heard::add);
    }
    return heard;
  }

  private static Optional<Heard> hear(String job) {
    try {
      return Optional.of(new Heard.Told(visit(job, JobControl::status)));
    } catch (IOException | RuntimeException e) {
      return silent(job, String.valueOf(e.getMessage()));
    }
  }

  private static Optional<Heard> silent(String job, String reason) {
    return JobFolder.ofLiving(job).map(folder -> new Heard.Silent(job, reason));
  }

  private static String late() {
    return "no answer within " + LONGEST.toSeconds() + " s";
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

  /// Ends a job; returns when its controller has acknowledged.
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
    return inTime(List.<Callable<R>>of(() -> answer(job, question)))
        .getFirst()
        .orElseThrow(() -> silence(job, new IOException(late())));
  }

  private static <R> R answer(String job, Function<JobControl, R> question) {
    try {
      return visit(job, question);
    } catch (IOException | CallFailure e) {
      throw silence(job, e);
    }
  }

  private static IllegalArgumentException silence(String job, Exception cause) {
    return new IllegalArgumentException(
        "the job does not answer: job=%s (%s)".formatted(job, cause.getMessage()), cause);
  }

  /// Answers that came in time, in order; empty for the others, which are interrupted.
  private static <R> List<Optional<R>> inTime(List<Callable<R>> questions) {
    try (ExecutorService asking = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Optional<R>> answers = new ArrayList<>();
      for (Future<R> asked :
          asking.invokeAll(questions, LONGEST.toMillis(), TimeUnit.MILLISECONDS)) {
        answers.add(answer(asked));
      }
      return answers;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("interrupted while jobs are asked");
    }
  }

  private static <R> Optional<R> answer(Future<R> asked) throws InterruptedException {
    try {
      return Optional.of(asked.get());
    } catch (CancellationException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException("a job could not be asked: " + e.getCause(), e);
    }
  }

  private static <R> R visit(String job, Function<JobControl, R> question) throws IOException {
    PrivateFolder folder =
        JobFolder.ofLiving(job).orElseThrow(() -> new IOException("it has ended"));
    List<String> lines = new String(folder.read(FILE, MOST), UTF_8).lines().toList();
    String socket = socket(folder, lines);
    String visitor = "visitor-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    try (ActorSystem system =
        ActorSystems.visitor(
            new VisitorNetwork(visitor, lines.get(0), folder.path()),
            HexFormat.of().parseHex(lines.get(2)))) {
      ProcessAddress controller =
          new ProcessAddress(ActorSystem.CONTROLLER, lines.get(0), socket, "");
      return question.apply(
          system.stub(
              JobControl.class,
              Stub.Target.of(job, new ActorRef(controller, JobControl.NUMBER)),
              TIMEOUT));
    }
  }

  /// A socket of the folder itself, whatever is written there.
  private static String socket(PrivateFolder folder, List<String> lines) throws IOException {
    if (lines.size() < 3) {
      throw new IOException("its file is not whole: lines=" + lines.size());
    }
    String name = Path.of(lines.get(1)).getFileName().toString();
    if (!folder.hasSocket(name)) {
      throw new IOException("there is no socket of this user: folder=%s".formatted(folder.path()));
    }
    return folder.path().resolve(name).toString();
  }
}
