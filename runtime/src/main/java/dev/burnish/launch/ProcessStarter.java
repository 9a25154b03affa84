package dev.burnish.launch;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/// Starts processes on this host.
public interface ProcessStarter {
  /// Starts a process and passes its bootstrap to it.
  ///
  /// @param onExit called once, soon after the process has ended
  /// @throws IOException if it cannot be started
  Running start(String name, Resources resources, byte[] bootstrap, Consumer<Exit> onExit)
      throws IOException;

  /// A process that was started.
  interface Running {
    /// Its process id.
    long pid();

    /// The last lines that it printed.
    List<String> log();

    /// Asks it to end, and ends it after a time if it does not.
    void end(Duration grace);
  }
}
