package dev.burnish.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Signals to processes that a test has started.
public final class Signals {
  private Signals() {}

  /// Sends a signal.
  ///
  /// @param name without `SIG`
  /// @throws IOException if there is no such process
  public static void send(String name, long pid) throws IOException, InterruptedException {
    if (!sent(name, pid)) {
      throw new IOException("cannot be signalled: pid=%d signal=%s".formatted(pid, name));
    }
  }

  private static boolean sent(String name, long pid) throws IOException, InterruptedException {
    return new ProcessBuilder("kill", "-" + name, Long.toString(pid))
            .redirectErrorStream(true)
            .start()
            .waitFor()
        == 0;
  }

  /// Stops processes, and waits until all their threads are stopped: until then the others compute
  /// and answer, for longer on a machine that is busy.
  public static void stop(long... pids) throws IOException, InterruptedException {
    for (long pid : pids) {
      send("STOP", pid);
      while (!isStopped(pid)) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted before this was stopped: pid=" + pid);
        }
        Thread.onSpinWait();
      }
    }
  }

  /// Ends the stop of processes that are still there: who is stopped for long may be taken for lost
  /// and killed.
  public static void resume(long... pids) throws IOException, InterruptedException {
    for (long pid : pids) {
      boolean _ = sent("CONT", pid);
    }
  }

  /// Whether no thread of a process runs, or it has ended.
  private static boolean isStopped(long pid) throws IOException {
    List<Path> threads;
    try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      threads = files.toList();
    } catch (NoSuchFileException e) {
      return true;
    }
    for (Path thread : threads) {
      if (!isStopped(thread.resolve("status"))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isStopped(Path status) throws IOException {
    try {
      String text = Files.readString(status);
      return text.contains("State:\tT") || text.contains("State:\tZ");
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("No such process")) {
        return true; // it ended while it was read
      }
      throw e;
    }
  }
}
