package dev.burnish.bench.mesh;

import dev.burnish.host.JvmCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/// The floor of a start: JVMs with the flags of a light worker that do nothing.
public final class BareJvm {
  private BareJvm() {}

  static Process start(Class<?> main, String... args) throws IOException {
    List<String> command =
        JvmCommand.of(main)
            .withFlags(
                List.of(
                    "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-XX:-UsePerfData"))
            .withArguments(List.of(args))
            .words();
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /// Seconds from the start of several at once to the first byte of the last.
  static double seconds(int count) {
    long start = System.nanoTime();
    List<Process> processes = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        processes.add(start(BareJvm.class));
      }
      for (Process process : processes) {
        if (process.getInputStream().read() != '!') {
          throw new IOException("a bare JVM says one byte");
        }
      }
      return (System.nanoTime() - start) / 1e9;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start a bare JVM", e);
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  /// Prints one byte.
  public static void main(String... args) {
    System.out.print('!');
    System.out.flush();
  }
}
