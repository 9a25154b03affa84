package dev.burnish.launch;

import dev.burnish.concurrent.ProcessSettings;
import dev.burnish.host.JvmCommand;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// Starts JVMs with the class path of this one.
///
/// Data that a process needs, secrets included, goes over its standard input, which other users
/// cannot see. The process ends when its standard input does: so it never outlives its parent,
/// however that ends; one that is stopped is woken first, see [DeathSignal].
public final class JvmStarter implements ProcessStarter {
  private static final System.Logger LOG = System.getLogger(JvmStarter.class.getName());

  /// A process that has not ended after this time may be stopped.
  private static final Duration SOON = Duration.ofSeconds(1);

  private final Class<?> main;
  private final LogSink sink;

  /// @param main the class whose `main` runs; it reads its bootstrap with [ParentGuard]
  /// @param sink of the printed lines; it must not wait
  public JvmStarter(Class<?> main, LogSink sink) {
    this.main = main;
    this.sink = sink;
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // the listener of an exit does not fail
  public Running start(String name, Resources resources, byte[] bootstrap, Consumer<Exit> onExit)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command(resources));
    setEnvironment(builder.environment(), resources);
    Process process = builder.start();
    Output output = new Output(name, process.getInputStream(), process.getErrorStream(), sink);
    Child child = new Child(process, output);
    process
        .onExit()
        .thenAccept(ended -> {
          output.awaitEnd();
          onExit.accept(Exit.of(name, ended.exitValue(), output.last()));
        });
    try {
      DataOutputStream in = new DataOutputStream(process.getOutputStream());
      in.writeInt(bootstrap.length);
      in.write(bootstrap);
      in.flush();
    } catch (IOException e) {
      // It has ended already: its status and output come by onExit.
      LOG.log(System.Logger.Level.DEBUG, "process {0} did not listen: {1}", name, e);
    }
    return child;
  }

  /// Freed memory is kept only in processes that compute; the others are to stay small.
  static void setEnvironment(Map<String, String> environment, Resources resources) {
    environment.putAll(ProcessSettings.environment(resources.cores()));
    if (resources.work() == Resources.Work.LIGHT) {
      environment.remove("GLIBC_TUNABLES");
      environment.put("MALLOC_ARENA_MAX", "2");
    }
    environment.put(
        "CUDA_VISIBLE_DEVICES",
        resources.cudaDevices().stream().map(String::valueOf).collect(Collectors.joining(",")));
    environment.putAll(resources.environment());
  }

  /// The command of a JVM with these resources.
  List<String> command(Resources resources) {
    List<String> command = new ArrayList<>(DeathSignal.prefix());
    command.addAll(JvmCommand.of(main).withFlags(flags(resources)).words());
    return command;
  }

  /// Flags with which a JVM starts fast and stays small, or computes well.
  static List<String> flags(Resources resources) {
    List<String> flags = new ArrayList<>();
    flags.add("-XX:-UsePerfData");
    flags.add("-XX:ActiveProcessorCount=" + resources.cores());
    // A thread that waits where it cannot be unmounted must not stop all others.
    flags.add("-Djdk.virtualThreadScheduler.parallelism=" + Math.max(4, resources.cores()));
    flags.add("-Xmx" + resources.megabytes() + "m");
    // Where libraries unpack themselves: the launcher has provided for it.
    flags.add("-Duser.home=" + System.getProperty("user.home"));
    // A process that is out of memory is in no state to serve; see Exit.
    flags.add("-XX:+ExitOnOutOfMemoryError");
    switch (resources.work()) {
      case LIGHT -> {
        flags.addAll(
            List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:CompileThresholdScaling=4",
                "-Djdk.reflect.useNativeAccessorOnly=true",
                "-XX:+UseSerialGC",
                "-Xms8m"));
        flags.addAll(cache());
      }
      case COMPUTE -> flags.addAll(ProcessSettings.flags());
    }
    flags.addAll(DeathSignal.flags());
    flags.addAll(resources.flags());
    return flags;
  }

  /// The cache that the launcher makes after a build, with these flags: the JVM runs without one
  /// that does not fit.
  private static List<String> cache() {
    String cache = System.getProperty("burnish.workerCache", "");
    return cache.isEmpty() || !Files.isReadable(Path.of(cache))
        ? List.of()
        : List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:cds=off");
  }

  private record Child(Process process, Output output) implements Running {
    @Override
    public long pid() {
      return process.pid();
    }

    @Override
    public List<String> log() {
      return output.last();
    }

    @Override
    public void end(Duration grace) {
      try {
        process.getOutputStream().close();
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a process has ended before it was asked to", e);
      }
      try {
        long soon = Math.min(grace.toMillis(), SOON.toMillis());
        if (!process.waitFor(soon, TimeUnit.MILLISECONDS)) {
          DeathSignal.wake(process.pid());
          if (!process.waitFor(grace.toMillis() - soon, TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();
          }
        }
        output.awaitEnd();
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
