package dev.burnish.mesh.host;

import dev.burnish.actor.ActorSystem.ActorStatus;
import dev.burnish.actor.Concurrent;
import dev.burnish.launch.Exit;
import dev.burnish.launch.Resources;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.mesh.placement.HostFree;
import dev.burnish.mesh.placement.Reservation;
import java.util.List;
import java.util.Optional;

/// The parent of the processes of a host: starts them, observes how they end.
public interface HostAgent {
  /// The number of the agent in its process.
  long NUMBER = 1;

  /// Starts a process; returns when it answers.
  ///
  /// @param holder of the [#reserve] to which it belongs
  /// @param owner when it is gone, the process is ended
  @Concurrent
  ProcessRef start(String name, Resources resources, Optional<String> holder, ProcessAddress owner);

  /// Called by a process that was started, as soon as it can be called.
  @Concurrent
  void ready(ProcessAddress process);

  /// How a process ended; waits at most `millis` for its end.
  @Concurrent
  Optional<Exit> exit(String process, long millis);

  /// Ends a process; returns when it has ended.
  @Concurrent
  void end(String process, long graceMillis);

  /// The running processes.
  @Concurrent
  List<ProcessStatus> processes();

  /// The last lines that a process printed.
  @Concurrent
  List<String> log(String process);

  /// The capacity of this host, and how much of it is free.
  @Concurrent
  HostFree free();

  /// Reserves the resources of a number of processes, or nothing. They are held until [#release],
  /// or until the owner is gone.
  ///
  /// @param mostProcesses nothing is reserved if more run here, or have a place, by now
  /// @return the devices of each; empty if there is no room
  @Concurrent
  Optional<List<List<Integer>>> reserve(
      Reservation reservation, int mostProcesses, ProcessAddress owner);

  /// Ends [#reserve].
  @Concurrent
  void release(String holder);

  /// A running process.
  ///
  /// @param residentMegabytes 0 if not known
  record ProcessStatus(String process, long pid, int residentMegabytes, List<ActorStatus> actors) {}
}
