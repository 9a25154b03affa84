package dev.burnish.serve;

import dev.burnish.serve.ServerSettings.Limits;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.webserver.websocket.WsUpgrader;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// A port at which HTTP requests are served within limits. Each connection has a virtual thread, on
/// which its requests are served one after another.
final class HttpListener implements AutoCloseable {
  private static final int MAX_HEADER_BYTES = 16 << 10;

  private static final WsConfig SOCKETS = WsConfig.create();

  /// Held here, since the level of a logger that nobody holds is forgotten.
  private static final Logger LIBRARY = Logger.getLogger("io.helidon");

  private final WebServer server;

  private HttpListener(WebServer server) {
    this.server = server;
  }

  /// Where to listen.
  ///
  /// @param port 0 for a free one
  record Address(String host, int port) {}

  /// The routes that are served.
  ///
  /// @param sockets web sockets, where there are any
  record Served(HttpRouting.Builder http, Optional<WsRouting.Builder> sockets) {
    private List<Http1Upgrader> upgraders() {
      return sockets.isPresent() ? List.of(WsUpgrader.create(SOCKETS)) : List.of();
    }
  }

  /// Starts to listen.
  ///
  /// @param deadline of clients that are slow
  /// @throws IllegalArgumentException if the port is taken
  static HttpListener start(
      Address address, Limits limits, ClientDeadline deadline, Served served) {
    LIBRARY.setLevel(Level.OFF);
    WebServerConfig.Builder builder =
        WebServer.builder()
            .host(address.host())
            .port(address.port())
            .useNio(false) // whose reads have no time limit
            .shutdownHook(false)
            .featuresDiscoverServices(false)
            .protocolsDiscoverServices(false)
            .addConnectionSelector(new ClientConnections(http(), deadline, served.upgraders()))
            .maxTcpConnections(limits.connections())
            .maxPayloadSize(limits.bodyBytes())
            .idleConnectionTimeout(limits.idle())
            .idleConnectionPeriod(limits.idle())
            .connectionOptions(options -> options.readTimeout(limits.idle()))
            .directHandlers(errors())
            .routing(served.http());
    served.sockets().ifPresent(sockets -> builder.addRouting(sockets).addProtocol(SOCKETS));
    WebServer server = builder.build();
    server.start(); // logs what fails, and returns
    if (!server.isRunning()) {
      throw new IllegalArgumentException(
          "the server must be able to listen at a port that nobody else has: host=%s port=%d; give another --port"
              .formatted(address.host(), address.port()));
    }
    return new HttpListener(server);
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

  @Override
  public void close() {
    server.stop();
  }
}
