package dev.burnish.launch.remote;

import dev.burnish.launch.remote.HostSettings.Kubernetes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The few calls of the API of Kubernetes that pods need, with the JDK's own client.
final class KubernetesApi implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Path NAMESPACE =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount/namespace");

  private final Kubernetes settings;
  private final String namespace;
  private final HttpClient client;

  KubernetesApi(Kubernetes settings) {
    this.settings = settings;
    this.namespace = namespace(settings);
    this.client = client(settings);
  }

  private static String namespace(Kubernetes settings) {
    if (!settings.namespace().isEmpty()) {
      return settings.namespace();
    }
    return Files.isReadable(NAMESPACE) ? read(NAMESPACE).strip() : "default";
  }

  private static HttpClient client(Kubernetes settings) {
    HttpClient.Builder builder =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT);
    return Files.isReadable(settings.authority())
        ? builder.sslContext(trusting(settings.authority())).build()
        : builder.build();
  }

  private static SSLContext trusting(Path authority) {
    try (InputStream in = Files.newInputStream(authority)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("authority-" + store.size(), each);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the authority of the API is a certificate: hosts.kubernetes.authority=%s (%s); name a PEM file"
              .formatted(authority, e.getMessage()),
          e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /// Creates an object of a kind such as `pods`.
  void create(String kind, JsonNode object) {
    send(request(kind, "").timeout(TIMEOUT).POST(BodyPublishers.ofString(object.toString())));
  }

  /// The objects of a kind with a label.
  JsonNode list(String kind, String label) {
    return send(request(kind, "?labelSelector=" + encode(label)).timeout(TIMEOUT).GET());
  }

  /// Ends all objects of a kind with a label.
  void delete(String kind, String label) {
    send(request(kind, "?labelSelector=" + encode(label)).timeout(TIMEOUT).DELETE());
  }

  /// Changes of the objects of a kind with a label since a version, one JSON document per line,
  /// until the server ends it. Close it.
  Stream<String> watch(String kind, String label, String version) throws IOException {
    String query =
        "?watch=1&allowWatchBookmarks=true&labelSelector=%s&resourceVersion=%s"
            .formatted(encode(label), encode(version));
    try {
      HttpResponse<Stream<String>> response =
          client.send(request(kind, query).GET().build(), BodyHandlers.ofLines());
      if (response.statusCode() / 100 != 2) {
        String body = String.join("\n", response.body().toList());
        throw new IOException("status %d: %s".formatted(response.statusCode(), body));
      }
      return response.body();
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private JsonNode send(HttpRequest.Builder builder) {
    HttpRequest request = builder.build();
    try {
      HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
      JsonNode answer = parse(response.body());
      if (response.statusCode() / 100 != 2) {
        throw new IllegalArgumentException(
            "Kubernetes takes the request: %s %s answered %d: %s; see hosts.kubernetes"
                .formatted(
                    request.method(),
                    request.uri().getPath(),
                    response.statusCode(),
                    answer.path("message").asString(response.body())));
      }
      return answer;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "Kubernetes answers: hosts.kubernetes.server=%s (%s); outside the cluster run 'kubectl proxy' and set it to http://127.0.0.1:8001"
              .formatted(settings.server(), e),
          e);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static JsonNode parse(String body) {
    try {
      return JsonMapper.shared().readTree(body);
    } catch (tools.jackson.core.JacksonException e) {
      return JsonMapper.shared().createObjectNode().put("message", body);
    }
  }

  private static CancellationException interrupted() {
    Thread.currentThread().interrupt();
    return new CancellationException("interrupted while it waited for Kubernetes");
  }

  private HttpRequest.Builder request(String kind, String query) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(
                URI.create(
                    "%s/api/v1/namespaces/%s/%s%s"
                        .formatted(settings.server(), namespace, kind, query)))
            .header("Accept", "application/json")
            .header("Content-Type", "application/json");
    // Tokens of a service account are renewed in their file.
    return Files.isReadable(settings.token())
        ? builder.header("Authorization", "Bearer " + read(settings.token()).strip())
        : builder;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
