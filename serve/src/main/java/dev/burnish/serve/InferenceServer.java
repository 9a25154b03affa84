package dev.burnish.serve;

import dev.burnish.engine.QueuedGenerator;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// A running server: one model behind OpenAI's HTTP interface. Each connection has a virtual
/// thread, on which its requests are served one after another.
final class InferenceServer implements AutoCloseable {
  private static final int MAX_HEADER_BYTES = 16 << 10;

  /// Held here, since the level of a logger that nobody holds is forgotten.
  private static final Logger LIBRARY = Logger.getLogger("io.helidon");

  private final ServerSettings settings;
  private final ActiveRequests active = new ActiveRequests();
  private final ClientDeadline deadline;
  private final WebServer server;

  private InferenceServer(ServerSettings settings, ModelCard model, QueuedGenerator engine) {
    this.settings = settings;
    this.deadline = new ClientDeadline(settings.limits().idle());
    Completer completer = new Completer(model, engine, active, deadline, settings.limits());
    Routes routes = new Routes(settings, model, completer);
    HttpRouting.Builder routing = HttpRouting.builder();
    routes.register(routing);
    server =
        WebServer.builder()
            .host(settings.host())
            .port(settings.port())
            .useNio(false) // whose reads have no time limit
            .shutdownHook(false)
            .featuresDiscoverServices(false)
            .protocolsDiscoverServices(false)
            .addConnectionSelector(new ClientConnections(http(), deadline))
            .maxTcpConnections(settings.limits().connections())
            .maxPayloadSize(settings.limits().bodyBytes())
            .idleConnectionTimeout(settings.limits().idle())
            .idleConnectionPeriod(settings.limits().idle())
            .connectionOptions(options -> options.readTimeout(settings.limits().idle()))
            .directHandlers(errors())
            .routing(routing)
            .build();
  }

  /// Starts to listen.
  ///
  /// @param engine to be open while the server is
  /// @throws IllegalArgumentException if the port is taken
  static InferenceServer start(ServerSettings settings, ModelCard model, QueuedGenerator engine) {
    LIBRARY.setLevel(Level.OFF);
    InferenceServer server = new InferenceServer(settings, model, engine);
    server.server.start(); // logs what fails, and returns
    if (!server.server.isRunning()) {
      server.deadline.close();
      throw new IllegalArgumentException(
          "the server must be able to listen at a port that nobody else has: host=%s port=%d; give another --port"
              .formatted(settings.host(), settings.port()));
    }
    return server;
  }

  @SuppressWarnings("removal") // the way to switch logging off in this version
  private static Http1Config http() {
    return Http1Config.builder()
        .maxHeadersSize(MAX_HEADER_BYTES)
        .receiveLog(false)
        .sendLog(false)
        .build();
  }

  /// Gives refusals of Helidon, from before a route is reached, the form of the other errors.
  private static DirectHandlers errors() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(
          type,
          (request, _, status, headers, message) -> refuse(request, status, headers, message));
    }
    return handlers.build();
  }

  private static DirectHandler.TransportResponse refuse(
      DirectHandler.TransportRequest request,
      Status status,
      ServerResponseHeaders headers,
      @Nullable String message) {
    ClientConnection.current().refuse();
    ApiError error = ApiError.of(ApiError.Kind.of(status.code()), text(request, status, message));
    return DirectHandler.TransportResponse.builder()
        .status(status)
        .headers(headers)
        .header(HeaderNames.CONTENT_TYPE, "application/json")
        .entity(error.toJson().toString())
        .build();
  }

  private static String text(
      DirectHandler.TransportRequest request, Status status, @Nullable String message) {
    return status.code() == Status.NOT_FOUND_404.code()
        ? "there is no such route: %s %s".formatted(request.method(), request.path())
        : status.reasonPhrase() + (message == null || message.isBlank() ? "" : ": " + message);
  }

  int port() {
    return server.port();
  }

  /// Requests for completions that are being served.
  int numActive() {
    return active.count();
  }

  /// Lets running requests end, within the limit, while new ones are refused; then closes the port.
  @Override
  public void close() {
    active.stop(settings.limits().stop());
    server.stop();
    deadline.close();
  }
}
