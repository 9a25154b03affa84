package dev.burnish.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;

/// Requests to the hub, with redirects and retries.
///
/// The token goes to the endpoint's own host and nowhere else: redirects are followed here, not by
/// the HTTP client, and every hop decides again. What may succeed later (no connection, 408, 429,
/// 5xx) is retried after a growing wait or as long as the hub asks for; 401, 403 and 404 are final.
final class HubClient implements AutoCloseable {
  private static final String TUNNELING = "jdk.http.auth.tunneling.disabledSchemes";
  private static final int MAX_HOPS = 8;
  private static final int PROXY_REFUSED = 407;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  /// One attempt of a request that can be retried.
  interface Attempt<T> {
    T run() throws IOException;
  }

  /// A status that may succeed later.
  static final class RetryLater extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient Optional<Duration> wait;

    RetryLater(String message, Optional<Duration> wait) {
      super(message);
      this.wait = wait;
    }
  }

  static {
    // Java sends a password to no proxy that carries https unless told to, as every other client
    // is.
    if (System.getProperty(TUNNELING) == null) {
      System.setProperty(TUNNELING, "");
    }
  }

  private final HubOptions options;
  private final Proxies proxies;
  private final HttpClient http;

  HubClient(HubOptions options, Proxies proxies) {
    this.options = options;
    this.proxies = proxies;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(proxies)
            .connectTimeout(options.stall())
            .build();
  }

  /// Sends a request and follows redirects until `stop` holds or there is none.
  ///
  /// @throws HubException where the answer is final
  /// @throws IOException where a retry may succeed
  HttpResponse<InputStream> send(
      String method, URI uri, String range, Predicate<HttpResponse<?>> stop) throws IOException {
    URI target = uri;
    for (int hop = 0; hop <= MAX_HOPS; hop++) {
      HttpResponse<InputStream> response = sendOnce(method, target, range);
      boolean redirect = REDIRECTS.contains(response.statusCode());
      if (stop.test(response) || !redirect) {
        return redirect ? response : checked(response);
      }
      response.body().close();
      target = next(target, response);
    }
    throw new HubException(
        "redirects must end: address=%s, hops=%d; try again later".formatted(uri, MAX_HOPS));
  }

  /// Runs `attempt` until it succeeds, at most as often as the options say.
  <T> T retrying(String what, Attempt<T> attempt) {
    for (int failures = 1; ; failures++) {
      try {
        return attempt.run();
      } catch (IOException e) {
        if (failures >= options.attempts() || e instanceof SSLException) {
          throw new HubException(
              "cannot fetch %s from %s%s, attempts=%d; check the network%s, or set HF_HUB_OFFLINE=1 to use the cache"
                  .formatted(what, options.endpoint(), by(), failures, cure(e)),
              e);
        }
        pause(failures, e);
      }
    }
  }

  private String by() {
    return proxies.of(options.endpoint()).map(proxy -> " by the proxy " + proxy).orElse("");
  }

  private String cure(IOException e) {
    if (e instanceof SSLException) {
      return " and that Java trusts the certificate (a proxy that opens https has one of its own, for"
          + " -Djavax.net.ssl.trustStore in BURNISH_JAVA_OPTS)";
    }
    return proxies.of(options.endpoint()).isPresent()
        ? " and that address"
        : ", set HTTPS_PROXY if there is a proxy";
  }

  /// Waits before the retry that follows `failures` failures in a row.
  void pause(int failures, IOException cause) {
    Duration wait = options.backoff().multipliedBy(1L << Math.min(failures - 1, 10));
    if (cause instanceof RetryLater later) {
      wait = later.wait.orElse(wait);
    }
    try {
      Thread.sleep(wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HubException("download was interrupted; it resumes when started again", e);
    }
  }

  boolean isEndpoint(URI uri) {
    URI endpoint = options.endpoint();
    return endpoint.getScheme().equalsIgnoreCase(uri.getScheme())
        && endpoint.getHost().equalsIgnoreCase(uri.getHost())
        && port(endpoint) == port(uri);
  }

  private static int port(URI uri) {
    int usual = "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
    return uri.getPort() < 0 ? usual : uri.getPort();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }

  private HttpResponse<InputStream> sendOnce(String method, URI uri, String range)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(options.stall())
            .header("User-Agent", "burnish")
            .header("Accept-Encoding", "identity");
    if (!range.isEmpty()) {
      request.header("Range", range);
    }
    if (isEndpoint(uri)) {
      options.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    }
    proxies
        .of(uri)
        .flatMap(Proxies.Address::authorization)
        .ifPresent(user -> request.header("Proxy-Authorization", user));
    try {
      HttpResponse<InputStream> response = http.send(request.build(), BodyHandlers.ofInputStream());
      if (response.statusCode() == PROXY_REFUSED) { // one that carries https gives no body
        throw refusal(PROXY_REFUSED, response);
      }
      return response;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HubException("download was interrupted; it resumes when started again", e);
    }
  }

  private URI next(URI from, HttpResponse<?> response) {
    URI target =
        response
            .headers()
            .firstValue("Location")
            .map(from::resolve)
            .orElseThrow(
                () -> new HubException("a redirect must have a Location: address=" + from));
    boolean downgrade = "https".equals(from.getScheme()) && !"https".equals(target.getScheme());
    if (downgrade || target.getHost() == null) {
      throw new HubException(
          "a redirect must not leave https: from=%s, to=%s".formatted(from, target));
    }
    return target;
  }

  private HttpResponse<InputStream> checked(HttpResponse<InputStream> response) throws IOException {
    int status = response.statusCode();
    if (status >= 200 && status < 300) {
      return response;
    }
    response.body().close();
    URI uri = response.uri();
    if (status == 408 || status == 429 || status >= 500) {
      throw new RetryLater("status %d from %s".formatted(status, uri.getHost()), wait(response));
    }
    throw refusal(status, response);
  }

  /// The hub says why in a header, and answers 401 where a model may be private or is not there.
  private HubException refusal(int status, HttpResponse<?> response) {
    String address = "status=%s, address=%s".formatted(status, plain(response.uri()));
    if (status == PROXY_REFUSED) {
      return new HubException(
          "the proxy%s refused access: %s; give its user and password in the variable, as http://user:password@host:port"
              .formatted(by().replaceFirst(" by the proxy", ""), address));
    }
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    boolean token = options.token().isPresent();
    String login =
        token
            ? "the token (of HF_TOKEN, or of `hf auth login`) may not read it; make one that may"
            : "set HF_TOKEN to a token that may read it, or log in with `hf auth login`";
    if (code.equals("GatedRepo")) {
      return HubException.refused(
          "the model is gated: %s; accept its licence on its page at %s, and %s"
              .formatted(address, options.endpoint(), login.replace("; make", ", or make")));
    }
    if (code.equals("RevisionNotFound")) {
      return new HubException(
          "hub has no such revision of the model: %s; check what comes after the @"
              .formatted(address));
    }
    if (status == 401 || status == 403) {
      return HubException.refused(
          "hub refused access: %s; check the name, and if the model is private or gated %s"
              .formatted(address, login));
    }
    return HubException.refused(
        "hub has no such model, revision or file: %s; check the name, and if the model is private %s"
            .formatted(address, login));
  }

  /// Signed addresses keep their secret out of messages.
  private static String plain(URI uri) {
    return "%s://%s%s".formatted(uri.getScheme(), uri.getAuthority(), uri.getPath());
  }

  private static Optional<Duration> wait(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(value -> value.matches("\\d{1,6}"))
        .map(value -> Duration.ofSeconds(Long.parseLong(value)));
  }
}
