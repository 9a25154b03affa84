package dev.burnish.serve;

import dev.burnish.engine.QueuedGenerator;
import java.util.Optional;

/// A running server: one model behind OpenAI's HTTP interface.
final class InferenceServer implements AutoCloseable {
  private final ServerSettings settings;
  private final ActiveRequests active;
  private final ClientDeadline deadline;
  private final HttpListener listener;

  private InferenceServer(
      ServerSettings settings,
      ActiveRequests active,
      ClientDeadline deadline,
      HttpListener listener) {
    this.settings = settings;
    this.active = active;
    this.deadline = deadline;
    this.listener = listener;
  }

  /// Starts to listen.
  ///
  /// @param engine to be open while the server is
  /// @throws IllegalArgumentException if the port is taken
  static InferenceServer start(ServerSettings settings, ModelCard model, QueuedGenerator engine) {
    ServerSettings.Limits limits = settings.limits();
    ActiveRequests active = new ActiveRequests();
    ClientDeadline deadline = new ClientDeadline(limits.idle());
    try {
      Completer completer = new Completer(model, engine, active, deadline, limits);
      Routes routes = new Routes(settings, model, completer);
      HttpListener listener =
          HttpListener.start(
              new HttpListener.Address(settings.host(), settings.port()),
              limits,
              deadline,
              new HttpListener.Served(routes.routing(), Optional.empty()));
      return new InferenceServer(settings, active, deadline, listener);
    } catch (RuntimeException e) {
      deadline.close();
      throw e;
    }
  }

  int port() {
    return listener.port();
  }

  /// Requests for completions that are being served.
  int numActive() {
    return active.count();
  }

  /// Lets running requests end, within the limit, while new ones are refused; then closes the port.
  @Override
  public void close() {
    active.stop(settings.limits().stop());
    listener.close();
    deadline.close();
  }
}
