package dev.burnish.actor;

/// Is told when something that it owns fails and nobody handled it.
@FunctionalInterface
public interface Supervisor {
  /// Reports that something owned has failed. Must not wait.
  ///
  /// @param failure what, where and why
  void failed(Failure failure);

  /// A failure on its way up the tree of owners.
  ///
  /// @param place where it happened: mesh, rank, process and host
  /// @param reason on one line
  /// @param log the last lines that the process printed, if they are known
  record Failure(Place place, String reason, java.util.List<String> log) {
    /// One paragraph for people: place and reason, then the log.
    public String describe() {
      StringBuilder text = new StringBuilder();
      text.append(place).append(": ").append(reason);
      if (!log.isEmpty()) {
        text.append("\nlast ").append(log.size()).append(" lines of its output:");
        log.forEach(line -> text.append("\n  ").append(line));
      }
      return text.toString();
    }
  }

  /// Where a failure happened.
  record Place(String mesh, Point point, String process, String host) {
    @Override
    public String toString() {
      return "actor %s[%d] %s in process %s on host %s"
          .formatted(mesh, point.rank(), point, process, host);
    }
  }

  /// Supervises the actors of a mesh: is told when one fails, and knows where each is.
  interface Keeper extends Supervisor {
    /// The address of an actor; waits while it is being restarted.
    ///
    /// @param place of the actor in the list of the mesh's actors
    /// @throws dev.burnish.link.failure.ReplicaLost if it is gone
    /// @throws IllegalArgumentException if there is no such place
    ActorRef locate(int place);
  }
}
