package dev.burnish.hub;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// Options for reaching the hub and for caching its files.
///
/// @param endpoint address of the hub
/// @param cache folder of the hub's cache, which holds `models--owner--name`
/// @param token sent to the endpoint's host only
/// @param offline whether to use the cache alone
/// @param connections ranges that are fetched at once
/// @param partBytes size of a range; an interrupted one is resumed where it stopped
/// @param stall time without a byte after which a connection is given up
/// @param backoff wait before the first retry; doubles with each
/// @param attempts tries in a row without a byte of progress before giving up
/// @param progress is told of every byte
public record HubOptions(
    URI endpoint,
    Path cache,
    Optional<String> token,
    boolean offline,
    int connections,
    long partBytes,
    Duration stall,
    Duration backoff,
    int attempts,
    DownloadProgress progress) {
  private static final Duration SOON = Duration.ofSeconds(5);

  public HubOptions {
    if (!"https".equals(endpoint.getScheme()) && !"http".equals(endpoint.getScheme())) {
      throw new IllegalArgumentException(
          "hub.endpoint must be an http or https address: endpoint=%s; correct HF_ENDPOINT"
              .formatted(endpoint));
    }
    requirePositive("hub.connections", connections);
    requirePositive("hub.partBytes", partBytes);
    requirePositive("hub.attempts", attempts);
    requirePositive("hub.stall", stall.toMillis());
  }

  /// By the rules of the hub's own client: the endpoint from `HF_ENDPOINT`, the cache from
  /// `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME` or `HOME`, the token from `HF_TOKEN`,
  /// `HF_TOKEN_PATH` or the file of `hf auth login`, and `HF_HUB_OFFLINE`.
  public static HubOptions fromEnvironment() {
    return of(System.getenv());
  }

  static HubOptions of(Map<String, String> variables) {
    HubEnvironment environment = new HubEnvironment(variables);
    return new HubOptions(
        environment.endpoint(),
        environment.cache(),
        environment.token(),
        environment.offline(),
        4,
        64L << 20,
        Duration.ofSeconds(30),
        Duration.ofMillis(500),
        6,
        (file, bytes, total) -> {});
  }

  /// Asks once with short timeouts: for an answer that is optional.
  HubOptions impatient() {
    return new HubOptions(
        endpoint,
        cache,
        token,
        offline,
        connections,
        partBytes,
        stall.compareTo(SOON) < 0 ? stall : SOON,
        backoff,
        1,
        progress);
  }

  public HubOptions withProgress(DownloadProgress listener) {
    return new HubOptions(
        endpoint,
        cache,
        token,
        offline,
        connections,
        partBytes,
        stall,
        backoff,
        attempts,
        listener);
  }

  public HubOptions withOffline(boolean value) {
    return new HubOptions(
        endpoint, cache, token, value, connections, partBytes, stall, backoff, attempts, progress);
  }

  /// The token is not shown.
  @Override
  public String toString() {
    return "HubOptions[endpoint=%s, cache=%s, token=%s, offline=%s]"
        .formatted(endpoint, cache, token.isPresent() ? "set" : "none", offline);
  }

  private static void requirePositive(String key, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException("%s must be positive: value=%d".formatted(key, value));
    }
  }
}
