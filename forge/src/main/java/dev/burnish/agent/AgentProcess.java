package dev.burnish.agent;

import dev.burnish.concurrent.Waits;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A running agent with all that it has started. A process that has left its parent is found by a
/// mark in its environment; one that has changed its environment too gets away.
final class AgentProcess implements AutoCloseable {
  private static final String MARK = "BURNISH_AGENT_RUN";
  private static final Path PROCESSES = Path.of("/proc");
  private static final Duration KILLING = Duration.ofSeconds(10);
  private static final Duration OUTPUT_ENDS = Duration.ofSeconds(5);
  private static final List<String> INHERITED =
      List.of("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ");

  private final Process process;
  private final String mark;
  private final AgentCommand command;
  private final byte[] kept;
  private long read;
  private final Thread reader;

  private AgentProcess(Process process, String mark, AgentCommand command) {
    this.process = process;
    this.mark = mark;
    this.command = command;
    this.kept = new byte[command.outputBytes()];
    this.reader = Thread.ofVirtual().name("agent-output").start(this::readAll);
  }

  static AgentProcess start(AgentCommand command, Endpoint endpoint) {
    String mark = UUID.randomUUID().toString();
    ProcessBuilder builder = new ProcessBuilder(command.command()).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().retainAll(INHERITED);
    environment.putAll(endpoint.environment());
    environment.putAll(command.environment());
    environment.put(MARK, mark);
    command.folder().ifPresent(folder -> builder.directory(folder.toFile()));
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      return new AgentProcess(process, mark, command);
    } catch (IOException e) {
      throw new UncheckedIOException("an agent must start: command=" + command.command(), e);
    }
  }

  /// Keeps the end of the output, and lets the program print as much as it likes.
  private void readAll() {
    byte[] buffer = new byte[8192];
    try (InputStream in = process.getInputStream()) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        keep(buffer, count);
      }
    } catch (IOException e) {
      // It was killed.
    }
  }

  private synchronized void keep(byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      kept[(int) ((read + i) % kept.length)] = bytes[i];
    }
    read += count;
  }

  private synchronized String output() {
    if (read <= kept.length) {
      return new String(kept, 0, (int) read, StandardCharsets.UTF_8);
    }
    int first = (int) (read % kept.length);
    byte[] ordered = Arrays.copyOfRange(kept, first, first + kept.length);
    System.arraycopy(kept, 0, ordered, kept.length - first, first);
    return new String(ordered, StandardCharsets.UTF_8);
  }

  /// Waits until it ends or its time is over.
  AgentCommand.Result await() {
    Waits.announce();
    try {
      boolean ended = process.waitFor(command.time().toNanos(), TimeUnit.NANOSECONDS);
      kill(); // what it has left behind holds its output open
      Waits.join(reader, OUTPUT_ENDS);
      OptionalInt status = ended ? OptionalInt.of(process.exitValue()) : OptionalInt.empty();
      return new AgentCommand.Result(status, output());
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while an agent works");
    }
  }

  /// Kills until nothing is found: a process may start another one while it is looked for. One that
  /// the kernel does not let go is given up.
  private void kill() {
    long end = System.nanoTime() + KILLING.toNanos();
    List<ProcessHandle> left = left();
    while (!left.isEmpty() && System.nanoTime() < end) {
      left.forEach(ProcessHandle::destroyForcibly);
      left = left();
    }
  }

  private List<ProcessHandle> left() {
    return Stream.concat(
            Stream.concat(Stream.of(process.toHandle()), process.descendants()), marked())
        .filter(ProcessHandle::isAlive)
        .distinct()
        .toList();
  }

  private Stream<ProcessHandle> marked() {
    try (Stream<Path> all = Files.list(PROCESSES)) {
      return all.filter(this::isMarked).flatMap(AgentProcess::handle).toList().stream();
    } catch (IOException e) {
      return Stream.of(); // a system without /proc
    }
  }

  private boolean isMarked(Path folder) {
    if (!Character.isDigit(name(folder).charAt(0))) {
      return false;
    }
    try {
      String environment =
          new String(Files.readAllBytes(folder.resolve("environ")), StandardCharsets.ISO_8859_1);
      return environment.contains(MARK + "=" + mark);
    } catch (IOException e) {
      return false; // another user's, or it has ended
    }
  }

  private static String name(Path folder) {
    return String.valueOf(folder.getFileName());
  }

  private static Stream<ProcessHandle> handle(Path folder) {
    return ProcessHandle.of(Long.parseLong(name(folder))).stream();
  }

  @Override
  public void close() {
    kill();
  }
}
