package dev.burnish.serve;

import java.time.Duration;
import java.util.List;

/// Where a server listens and what it allows.
///
/// @param host address to listen at
/// @param port 0 for a free one
/// @param apiKeys one of which each request must carry; none: no key is needed
record ServerSettings(String host, int port, List<String> apiKeys, Limits limits) {
  /// Bounds of what clients may use.
  ///
  /// @param bodyBytes of a request
  /// @param connections at a time; further ones wait to be accepted
  /// @param choices completions of one request
  /// @param idle how long a connection may be silent between two requests, or within one
  /// @param request how long a request may take
  /// @param stop how long running requests may go on when the server stops
  record Limits(
      int bodyBytes, int connections, int choices, Duration idle, Duration request, Duration stop) {
    static Limits defaults() {
      return new Limits(
          16 << 20, 1024, 256, Duration.ofMinutes(2), Duration.ofHours(1), Duration.ofSeconds(30));
    }
  }

  ServerSettings {
    apiKeys = List.copyOf(apiKeys);
    if (apiKeys.isEmpty() && !isLoopback(host)) {
      throw new IllegalArgumentException(
          "a server that other machines can reach must have an API key: host=%s; set BURNISH_API_KEY or --api-key-file, or listen at 127.0.0.1"
              .formatted(host));
    }
  }

  boolean isLocal() {
    return isLoopback(host);
  }

  static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.startsWith("127.")
        || host.equals("::1")
        || host.equals("[::1]");
  }
}
