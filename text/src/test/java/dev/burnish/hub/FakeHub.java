package dev.burnish.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/// A hub on this machine with one model, `acme/tiny`, and a second server to which it redirects
/// large files. Its faults are set by tests.
final class FakeHub implements AutoCloseable {
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /// A fault to inject into a large file's request; the number counts such requests from 1.
  interface Fault {
    /// Whether the fault has answered.
    boolean answers(HttpExchange exchange, int request, byte[] content) throws IOException;
  }

  final Map<String, byte[]> small = new TreeMap<>();
  final Map<String, byte[]> large = new TreeMap<>();
  final List<String> tokensAtHub = newList();
  final List<String> tokensAtStore = newList();
  final ConcurrentLinkedQueue<String> ranges = new ConcurrentLinkedQueue<>();
  final ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
  final AtomicInteger requestsToHub = new AtomicInteger();
  final Map<String, String> wrongDigests = new ConcurrentHashMap<>();
  volatile Fault fault = (exchange, request, content) -> false;
  volatile boolean knowsRanges = true;
  volatile String redirectOfListing = "";

  private final HttpServer hub = server(this::answerHub);
  private final HttpServer store = server(this::answerStore);
  private final AtomicInteger storeRequests = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  FakeHub() {
    hub.setExecutor(threads);
    store.setExecutor(threads);
    hub.start();
    store.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  @Override
  public void close() {
    hub.stop(0);
    store.stop(0);
    threads.shutdownNow();
  }

  static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head || body.length == 0 ? -1 : body.length);
    if (!head && body.length > 0) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  /// Sends part of a body that was announced whole, then drops the connection.
  static void sendPart(HttpExchange exchange, int status, byte[] body, int sent)
      throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    OutputStream out = exchange.getResponseBody();
    out.write(body, 0, sent);
    out.flush();
    exchange.close();
  }

  private void answerHub(HttpExchange exchange) throws IOException {
    requestsToHub.incrementAndGet();
    tokensAtHub.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    Integer status = statuses.poll();
    if (status != null) {
      send(exchange, status, new byte[0]);
      return;
    }
    String path = exchange.getRequestURI().getPath();
    String file = path.substring(path.lastIndexOf('/') + 1);
    if (!redirectOfListing.isEmpty() && path.startsWith("/api/")) {
      exchange.getResponseHeaders().set("Location", redirectOfListing);
      send(exchange, 307, new byte[0]);
    } else if (path.equals("/api/models/acme/tiny/revision/main")) {
      send(exchange, 200, listing().getBytes(StandardCharsets.UTF_8));
    } else if (!path.equals("/acme/tiny/resolve/" + COMMIT + "/" + file)) {
      send(exchange, 404, new byte[0]);
    } else if (large.containsKey(file)) {
      redirect(exchange, file, large.get(file));
    } else {
      sendSmall(exchange, small.getOrDefault(file, new byte[0]));
    }
  }

  private void redirect(HttpExchange exchange, String file, byte[] content) throws IOException {
    String digest = wrongDigests.getOrDefault(file, digest("SHA-256", content));
    exchange.getResponseHeaders().set("X-Linked-ETag", '"' + digest + '"');
    exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(content.length));
    exchange
        .getResponseHeaders()
        .set(
            "Location",
            "http://127.0.0.1:" + store.getAddress().getPort() + "/" + file + "?sig=secret");
    send(exchange, 302, new byte[0]);
  }

  private static void sendSmall(HttpExchange exchange, byte[] content) throws IOException {
    byte[] blob = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] both = Arrays.copyOf(blob, blob.length + content.length);
    System.arraycopy(content, 0, both, blob.length, content.length);
    exchange.getResponseHeaders().set("ETag", '"' + digest("SHA-1", both) + '"');
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(content.length));
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    } else {
      send(exchange, 200, content);
    }
  }

  private void answerStore(HttpExchange exchange) throws IOException {
    tokensAtStore.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    byte[] content =
        large.getOrDefault(exchange.getRequestURI().getPath().substring(1), new byte[0]);
    String range = exchange.getRequestHeaders().getFirst("Range");
    ranges.add(String.valueOf(range));
    int request = storeRequests.incrementAndGet();
    byte[] part = content;
    int status = 200;
    if (knowsRanges && range != null) {
      String[] bounds = range.substring("bytes=".length()).split("-", 2);
      int from = Integer.parseInt(bounds[0]);
      int to = Integer.parseInt(bounds[1]) + 1;
      part = Arrays.copyOfRange(content, from, to);
      status = 206;
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + content.length);
    }
    if (!fault.answers(exchange, request, part)) {
      send(exchange, status, part);
    }
  }

  private String listing() {
    Map<String, byte[]> all = new TreeMap<>(small);
    all.putAll(large);
    return all.keySet().stream()
        .map(name -> "{\"rfilename\":\"" + name + "\"}")
        .collect(
            Collectors.joining(
                ",",
                "{\"sha\":\"" + COMMIT + "\",\"siblings\":[{\"rfilename\":\"../evil.json\"},",
                "]}"));
  }

  private static HttpServer server(com.sun.net.httpserver.HttpHandler handler) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext("/", handler);
      return server;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<String> newList() {
    return java.util.Collections.synchronizedList(new java.util.ArrayList<>());
  }

  static String digest(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
