package dev.burnish.bench;

import dev.burnish.concurrent.ProcessSettings;
import dev.burnish.concurrent.Stop;
import dev.burnish.host.JvmCommand;
import dev.burnish.tensor.Libtorch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/// A JVM with the settings of this one that measures one workload, so that its peak of memory is
/// its own. It ends when this one does.
public final class Child {
  private static final int SHOWN = 2000;

  private Child() {}

  /// Runs a workload in a fresh JVM.
  ///
  /// @throws IllegalStateException if it fails; the message has the end of its output
  public static Workload.Figures run(Workload workload) {
    try {
      Path folder = Files.createTempDirectory("burnish-bench");
      Path log = folder.resolve("log");
      Path result = folder.resolve("result.json");
      try {
        String json = JsonMapper.shared().writerFor(Workload.class).writeValueAsString(workload);
        run(json, result, log);
        return JsonMapper.shared().readValue(Files.readAllBytes(result), Workload.Figures.class);
      } finally {
        Files.deleteIfExists(result);
        Files.deleteIfExists(log);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run a workload in a JVM of its own: " + e, e);
    }
  }

  private static void run(String workload, Path result, Path log) throws IOException {
    List<String> command =
        JvmCommand.of(Child.class)
            .withFlags(flags(ManagementFactory.getRuntimeMXBean().getInputArguments()))
            .withArguments(List.of(workload, result.toString()))
            .words();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(ProcessSettings.environment(Libtorch.threadsFromEnvironment()));
    Process process = builder.start();
    try {
      boolean ended = false;
      while (!ended) {
        ended = process.waitFor(100, TimeUnit.MILLISECONDS);
        if (Stop.wasRequested()) {
          throw new CancellationException("stopped during workload=" + workload);
        }
      }
      int status = process.exitValue();
      if (status != 0) {
        String printed = Files.readString(log);
        throw new IllegalStateException(
            "a workload runs to its end: status=%d workload=%s; it said:%n%s"
                .formatted(
                    status, workload, printed.substring(Math.max(0, printed.length() - SHOWN))));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted during workload=" + workload, e);
    } finally {
      process.destroyForcibly();
    }
  }

  /// The flags of this JVM that suit a JVM of another main class.
  static List<String> flags(List<String> own) {
    return own.stream()
        .filter(flag ->
            !flag.startsWith("-XX:AOT")
                && !flag.startsWith("-agentlib")
                && !flag.startsWith("-javaagent"))
        .toList();
  }

  /// The child: measures the workload in the first argument and writes its figures to the file in
  /// the second.
  public static void main(String... args) throws IOException {
    Thread.ofPlatform().daemon().name("parent").start(Child::endWithParent);
    Workload workload = JsonMapper.shared().readValue(args[0], Workload.class);
    Files.write(Path.of(args[1]), JsonMapper.shared().writeValueAsBytes(workload.measure()));
  }

  /// Ends when the parent does, which holds the other end of standard input.
  private static void endWithParent() {
    try {
      int read;
      do {
        read = System.in.read();
      } while (read >= 0);
    } catch (IOException e) {
      System.err.println("lost the parent: " + e);
    }
    Runtime.getRuntime().halt(1);
  }
}
