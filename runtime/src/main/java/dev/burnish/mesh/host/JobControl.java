package dev.burnish.mesh.host;

import dev.burnish.actor.ActorSystem.ActorStatus;
import dev.burnish.actor.Concurrent;
import dev.burnish.actor.StatusBoard.Section;
import java.util.List;

/// The interface of a controller for `burnish ps`, `logs` and `stop`.
public interface JobControl {
  /// The number of the control in the controller.
  long NUMBER = 3;

  /// The tree of the job.
  @Concurrent
  JobStatus status();

  /// The last lines that a process printed.
  @Concurrent
  List<String> log(String process);

  /// Ends the program, with all its processes.
  @Concurrent
  void stop();

  /// A running job.
  ///
  /// @param id its name and the number of its process
  /// @param upMillis since it began
  /// @param actors of the controller itself
  /// @param sections reports of parts of the program, such as its services
  record JobStatus(
      String id,
      long pid,
      int residentMegabytes,
      long upMillis,
      List<HostStatus> hosts,
      List<ActorStatus> actors,
      List<Section> sections) {}

  /// A host of a job.
  record HostStatus(String host, List<HostAgent.ProcessStatus> processes) {}
}
