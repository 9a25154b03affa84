package dev.burnish.engine.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server that gives recorded answers, in their order per path, the last one for ever, and keeps
/// what it was asked.
final class RecordedServer implements AutoCloseable {
  /// A request as it came.
  record Seen(String path, JsonNode body, String authorization) {}

  /// An answer; status 0 closes the connection without one.
  record Recorded(int status, String body) {}

  private final HttpServer server;
  private final Map<String, Deque<Recorded>> answers = new HashMap<>();
  private final List<Seen> seen = new ArrayList<>();

  RecordedServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  /// @param path with its query
  synchronized RecordedServer on(String path, int status, String body) {
    answers.computeIfAbsent(path, _ -> new ArrayDeque<>()).add(new Recorded(status, body));
    return this;
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    Recorded recorded = take(exchange, body);
    if (recorded.status() == 0) {
      exchange.close();
      return;
    }
    byte[] bytes = recorded.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(recorded.status(), bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private synchronized Recorded take(HttpExchange exchange, byte[] body) {
    String path = exchange.getRequestURI().toString();
    String key = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    seen.add(new Seen(path, JsonMapper.shared().readTree(body), key));
    Deque<Recorded> left = answers.getOrDefault(path, new ArrayDeque<>());
    Recorded next = left.size() > 1 ? left.removeFirst() : left.peekFirst();
    return next == null ? new Recorded(404, "{\"detail\":\"Not Found\"}") : next;
  }

  synchronized List<Seen> seen() {
    return List.copyOf(seen);
  }

  List<String> paths() {
    return seen().stream().map(Seen::path).toList();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
