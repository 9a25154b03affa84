package dev.burnish.serve;

import dev.burnish.agent.AgentServer;
import dev.burnish.agent.AgentSessions;
import java.util.Optional;

/// The server before a policy that agents train by talking to it.
public final class SessionServer implements AgentServer {
  /// Called by the JDK, which finds this class as a service.
  public SessionServer() {}

  @Override
  public Running start(String host, AgentSessions sessions) {
    ServerSettings.Limits limits = ServerSettings.Limits.defaults();
    ClientDeadline deadline = new ClientDeadline(limits.idle());
    try {
      SessionRoutes routes = new SessionRoutes(sessions, deadline, limits.bodyBytes());
      return new Listening(
          HttpListener.start(
              new HttpListener.Address(host, 0),
              limits,
              deadline,
              new HttpListener.Served(routes.routing(), Optional.empty())),
          deadline);
    } catch (RuntimeException e) {
      deadline.close();
      throw e;
    }
  }

  private record Listening(HttpListener listener, ClientDeadline deadline) implements Running {
    @Override
    public int port() {
      return listener.port();
    }

    @Override
    public void close() {
      listener.close();
      deadline.close();
    }
  }
}
