package dev.burnish.sandbox;

import dev.burnish.concurrent.Waits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// Programs as processes of this user, in a folder of their own: no sandbox. Of the limits, those
/// on time by the clock and on output hold.
final class UnprotectedPrograms implements CodeSandbox {
  private static final int TIMED_OUT = -1;
  private final Semaphore slots;

  UnprotectedPrograms(SandboxSettings settings) {
    slots = new Semaphore(settings.atOnce(), true);
  }

  @Override
  public Execution execute(Program program, Limits limits) {
    Waits.announce();
    try {
      slots.acquire();
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, Cell.INTERRUPTED);
    }
    try {
      return inFolder(program, limits);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      slots.release();
    }
  }

  private static Execution inFolder(Program program, Limits limits) throws IOException {
    Path folder = Files.createTempDirectory("burnish-program-");
    try {
      Path file = Files.writeString(folder.resolve(program.language().file()), program.code());
      Path input = Files.writeString(folder.resolve(".stdin"), program.stdin());
      ProcessBuilder builder = new ProcessBuilder(command(program.language(), file));
      builder.directory(folder.toFile()).redirectInput(input.toFile());
      return run(builder, program.language(), limits);
    } finally {
      delete(folder);
    }
  }

  private static List<String> command(Language language, Path file) {
    return switch (language) {
      case PYTHON -> List.of(HostPrograms.usualPython(), "-I", "-S", file.toString());
      case SHELL -> List.of("sh", file.toString());
      case JAVA ->
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:TieredStopAtLevel=1",
              file.toString());
    };
  }

  private static Execution run(ProcessBuilder builder, Language language, Limits limits)
      throws IOException {
    long begin = System.nanoTime();
    Process process = builder.start();
    AtomicInteger left = new AtomicInteger(limits.outputBytes());
    Drain stdout = Drain.start(process, process.getInputStream(), left);
    Drain stderr = Drain.start(process, process.getErrorStream(), left);
    try {
      boolean done = process.waitFor((long) (limits.seconds() * 1e9), TimeUnit.NANOSECONDS);
      kill(process);
      int status = process.waitFor();
      String out = stdout.text();
      String err = stderr.text();
      Ending ending = ending(language, done ? status : TIMED_OUT, left.get() < 0, err);
      double seconds = (System.nanoTime() - begin) / 1e9;
      return new Execution(out, err, ending, seconds, cpu(process), 0);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, Cell.INTERRUPTED);
    } finally {
      kill(process);
    }
  }

  private static Ending ending(Language language, int status, boolean tooLong, String stderr) {
    String reason = tooLong ? "output" : status == TIMED_OUT ? "wall" : "exited";
    return Recipe.ending(
        language,
        reason,
        status > 128 ? 0 : status,
        status > 128 ? status - 128 : 0, // as the JDK reports a signal
        stderr);
  }

  private static double cpu(Process process) {
    Optional<Duration> known = process.info().totalCpuDuration();
    return known.orElse(Duration.ZERO).toNanos() / 1e9;
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.toHandle().destroyForcibly(); // that of Process would drop output that is not read yet
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }

  @Override
  public String describe() {
    return "no isolation: programs can do whatever this user can";
  }

  @Override
  public void close() {
    // nothing outlives an execution
  }

  /// Keeps one output of a process up to the limit that both share, and ends the process beyond it.
  private record Drain(Thread thread, ByteArrayOutputStream kept) {
    private static Drain start(Process process, InputStream from, AtomicInteger left) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      Thread thread =
          Thread.ofPlatform()
              .daemon()
              .name("program/output")
              .start(() -> copy(process, from, kept, left));
      return new Drain(thread, kept);
    }

    private static void copy(
        Process process, InputStream from, OutputStream kept, AtomicInteger left) {
      byte[] buffer = new byte[8192];
      try (from) {
        for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
          int before = left.getAndAdd(-read);
          kept.write(buffer, 0, Math.clamp(before, 0, read));
          if (before < read) {
            kill(process);
            return;
          }
        }
      } catch (IOException e) {
        // the process was killed: what it has printed is there
      }
    }

    private String text() throws InterruptedException {
      thread.join(Duration.ofSeconds(5)); // a daemon of the program may hold the pipe
      return kept.toString(StandardCharsets.UTF_8);
    }
  }
}
