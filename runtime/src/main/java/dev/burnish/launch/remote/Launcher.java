package dev.burnish.launch.remote;

import java.util.Optional;

/// Starts agents of hosts elsewhere, each with the ticket of a job, which they then join. The
/// ticket is a secret: it is never on a command line nor in a log.
@FunctionalInterface
public interface Launcher {
  /// Requests the agents and returns; they join once they run.
  ///
  /// @throws IllegalArgumentException if the settings cannot lead to hosts
  Launched launch(LaunchRequest request);

  /// Agents that were requested.
  interface Launched extends AutoCloseable {
    /// Ends the agents that still run, and forgets the ticket.
    @Override
    void close();
  }

  /// The launcher that the settings name; none if hosts are not elsewhere.
  static Optional<Launcher> of(HostSettings settings) {
    return switch (settings.launcher()) {
      case LOCAL -> Optional.empty();
      case SSH -> Optional.of(new SshLauncher(settings));
      case SLURM -> Optional.of(new SlurmLauncher(settings));
      case KUBERNETES -> Optional.of(new KubernetesLauncher(settings));
    };
  }
}
