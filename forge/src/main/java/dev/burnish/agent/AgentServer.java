package dev.burnish.agent;

/// The HTTP server before the policy. Found as a service of the JDK: the module `serve` has the one
/// that there is, so that no process loads an HTTP server that does not need one.
public interface AgentServer {
  /// A server that listens.
  interface Running extends AutoCloseable {
    int port();

    @Override
    void close();
  }

  /// Starts to answer the requests of sessions, at a free port.
  ///
  /// @param host address to listen at
  /// @throws IllegalArgumentException if that is not possible
  Running start(String host, AgentSessions sessions);
}
