package dev.burnish.mesh;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.launch.LogSink;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.trace.TraceSettings;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/// How a job runs.
///
/// @param name of the job, for people
/// @param processes the kind of its processes
/// @param settings of actors and calls
/// @param log where the output of its processes goes
/// @param reach the address at which other hosts reach this one; empty: none can join
/// @param hosts on which the job runs
/// @param tracing of its calls
public record JobOptions(
    String name,
    Processes processes,
    ActorSystemSettings settings,
    LogSink log,
    Optional<InetAddress> reach,
    HostSettings hosts,
    TraceSettings tracing) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,15}");

  /// The kind of the processes of a job.
  public enum Processes {
    /// JVMs of their own.
    JVMS,
    /// Threads of this process, to debug.
    THREADS
  }

  /// @throws IllegalArgumentException if the name is not a short word
  public JobOptions {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "the name of a job has up to 16 lower-case letters, digits and hyphens: job.name="
              + name);
    }
  }

  /// JVMs, whose output is printed with a prefix.
  public static JobOptions named(String name) {
    return new JobOptions(
        name,
        Processes.JVMS,
        ActorSystemSettings.defaults(),
        Job.printingSink(),
        Optional.empty(),
        HostSettings.defaults(),
        TraceSettings.defaults());
  }

  /// The same with other processes.
  public JobOptions with(Processes other) {
    return new JobOptions(name, other, settings, log, reach, hosts, tracing);
  }

  /// The same with other settings.
  public JobOptions with(ActorSystemSettings other) {
    return new JobOptions(name, processes, other, log, reach, hosts, tracing);
  }

  /// The same with another sink for output.
  public JobOptions with(LogSink other) {
    return new JobOptions(name, processes, settings, other, reach, hosts, tracing);
  }

  /// The same, and other hosts may join: all connections between hosts are mutual TLS.
  ///
  /// @param address of this host, at which they reach it
  public JobOptions withReach(InetAddress address) {
    return new JobOptions(name, processes, settings, log, Optional.of(address), hosts, tracing);
  }

  /// The same on the hosts that settings name. Where they are elsewhere, the job is open to them;
  /// where processes are threads, they all stay here.
  public JobOptions with(HostSettings other) {
    return new JobOptions(name, processes, settings, log, reach, other, tracing);
  }

  /// The same, and its calls are traced.
  public JobOptions with(TraceSettings other) {
    return new JobOptions(name, processes, settings, log, reach, hosts, other);
  }
}
