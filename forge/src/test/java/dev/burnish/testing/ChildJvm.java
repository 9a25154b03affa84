package dev.burnish.testing;

import dev.burnish.concurrent.ProcessSettings;
import dev.burnish.host.JvmCommand;
import java.io.IOException;
import java.util.List;

/// Starts a class of the tests in a JVM of its own.
public final class ChildJvm {
  private ChildJvm() {}

  /// A JVM that starts fast and uses one thread to compute; standard error is in its output.
  public static Process start(Class<?> main, List<String> arguments) throws IOException {
    return start(List.of(), 1, main, arguments);
  }

  /// @param flags of the JVM, in addition to those that Burnish needs
  public static Process start(
      List<String> flags, int threads, Class<?> main, List<String> arguments) throws IOException {
    List<String> command =
        JvmCommand.of(main)
            .withFlags(ProcessSettings.flags())
            .withFlags(flags)
            .withArguments(arguments)
            .words();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(ProcessSettings.environment(threads));
    return builder.start();
  }
}
