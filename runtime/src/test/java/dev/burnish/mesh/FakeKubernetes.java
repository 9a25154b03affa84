package dev.burnish.mesh;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The part of the API of Kubernetes that launching needs, with answers in the form of a real
/// server (1.30). Where it has a folder for secrets, it runs the command of each pod.
final class FakeKubernetes implements AutoCloseable {
  static final String END_OF_WATCH = "";

  private final HttpServer server;
  private final Path secrets;
  private final List<Process> running = new CopyOnWriteArrayList<>();
  final List<String> requests = new CopyOnWriteArrayList<>();
  final List<JsonNode> pods = new CopyOnWriteArrayList<>();
  final List<JsonNode> created = new CopyOnWriteArrayList<>();
  final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  volatile boolean runsPods = true;
  volatile Optional<String> refusal = Optional.empty();

  FakeKubernetes(Path secrets) throws IOException {
    this.secrets = secrets;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/api/v1/namespaces/team/", this::answer);
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    requests.add(
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI().getPath()
            + " "
            + query
            + " "
            + exchange.getRequestHeaders().getFirst("Authorization"));
    if (refusal.isPresent()) {
      send(exchange, 403, refusal.get());
    } else if (query.contains("watch=1")) {
      watch(exchange);
    } else {
      switch (exchange.getRequestMethod()) {
        case "POST" -> create(exchange);
        case "GET" -> send(exchange, 200, list().toString());
        default -> send(exchange, 200, "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[]}");
      }
    }
  }

  private ObjectNode list() {
    ObjectNode list = JsonMapper.shared().createObjectNode();
    list.put("kind", "PodList").put("apiVersion", "v1");
    list.putObject("metadata").put("resourceVersion", "1234");
    list.putArray("items").addAll(pods);
    return list;
  }

  private void create(HttpExchange exchange) throws IOException {
    JsonNode object = JsonMapper.shared().readTree(exchange.getRequestBody().readAllBytes());
    created.add(object);
    if (object.path("kind").asString().equals("Secret")) {
      Files.writeString(secrets.resolve("ticket"), object.at("/stringData/ticket").asString());
    } else if (runsPods) {
      run(object);
    }
    send(exchange, 201, object.toString());
  }

  /// Runs a pod like the kubelet, with the secret at another place.
  private void run(JsonNode pod) throws IOException {
    List<String> command = new ArrayList<>();
    pod.at("/spec/containers/0/command")
        .forEach(word -> command.add(word.asString().replace("/etc/burnish", secrets.toString())));
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("HOSTNAME", pod.at("/metadata/name").asString());
    running.add(builder.start());
  }

  private void watch(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      String event = events.take();
      while (!event.equals(END_OF_WATCH)) {
        out.write((event + "\n").getBytes(UTF_8));
        out.flush();
        event = events.take();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  /// A pod as the server shows it.
  static JsonNode pod(String name, String status) {
    return JsonMapper.shared()
        .readTree(
            """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","namespace":"team","uid":"%s",
             "resourceVersion":"1240","labels":{"burnish-job":"far"}},"spec":{"restartPolicy":"Never"},"status":%s}
            """
                .formatted(name, Base64.getEncoder().encodeToString(name.getBytes(UTF_8)), status));
  }

  @Override
  public void close() {
    events.add(END_OF_WATCH);
    server.stop(0);
    running.forEach(Process::destroyForcibly);
  }
}
