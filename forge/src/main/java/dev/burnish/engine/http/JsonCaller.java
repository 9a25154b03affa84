package dev.burnish.engine.http;

import dev.burnish.concurrent.Waits;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Sends JSON to a server and reads its answer. A connection that fails, and a server that is
/// overloaded or down, are tried again with growing pauses until the deadline; a refusal is not.
/// Thread-safe.
final class JsonCaller implements AutoCloseable {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final int SHOWN = 500;

  /// Numbers as they are written: a float goes through no double.
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private final URI server;
  private final Optional<String> key;
  private final HttpClient client;

  JsonCaller(URI server, Optional<String> key) {
    this.server = server;
    this.key = key;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
  }

  /// The answer to a POST.
  ///
  /// @param path with the query, such as `/pause?mode=wait`
  /// @throws IllegalArgumentException if the server refuses it, with the server's words
  /// @throws ServerFailed if there is no answer within the limit, or it is none of success
  /// @throws CancellationException if the caller is interrupted, which stays set
  JsonNode post(String path, ObjectNode body, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    Duration pause = FIRST_PAUSE;
    while (true) {
      Attempt attempt = attempt(path, body, Duration.ofNanos(deadline - System.nanoTime()));
      switch (attempt) {
        case Attempt.Answer(JsonNode json) -> {
          return json;
        }
        case Attempt.Again(String why) -> {
          if (System.nanoTime() + pause.toNanos() >= deadline) {
            throw new ServerFailed(
                "a server must answer within %.1f s: url=%s%s: %s"
                    .formatted(limit.toNanos() / 1e9, server, path, why));
          }
          pause(pause);
          pause =
              pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                  ? pause.multipliedBy(2)
                  : LONGEST_PAUSE;
        }
      }
    }
  }

  private sealed interface Attempt {
    record Answer(JsonNode json) implements Attempt {}

    record Again(String why) implements Attempt {}
  }

  private Attempt attempt(String path, ObjectNode body, Duration limit) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve(path))
            .timeout(limit.isPositive() ? limit : Duration.ofMillis(1))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    key.ifPresent(value -> request.header("Authorization", "Bearer " + value));
    try {
      Waits.announce();
      return read(path, client.send(request.build(), HttpResponse.BodyHandlers.ofString()));
    } catch (IOException e) {
      return new Attempt.Again(e.toString());
    } catch (InterruptedException e) {
      throw cancelled(e);
    }
  }

  private Attempt read(String path, HttpResponse<String> response) {
    int status = response.statusCode();
    String said = "status=%d answer=%s".formatted(status, shown(response.body()));
    if (status == 408 || status == 429 || status == 502 || status == 503 || status == 504) {
      return new Attempt.Again(said);
    }
    if (status >= 400 && status < 500) {
      throw new IllegalArgumentException(
          "the server refuses a request: url=%s%s %s".formatted(server, path, said));
    }
    if (status / 100 != 2) {
      throw new ServerFailed("a server failed: url=%s%s %s".formatted(server, path, said));
    }
    try {
      String text = response.body();
      return new Attempt.Answer(JSON.readTree(text.isBlank() ? "{}" : text));
    } catch (JacksonException e) {
      throw new ServerFailed(
          "a server must answer with JSON: url=%s%s %s".formatted(server, path, said), e);
    }
  }

  private static String shown(String text) {
    String line = text.strip().replace('\n', ' ');
    return line.length() > SHOWN ? line.substring(0, SHOWN) + "..." : line;
  }

  private void pause(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
      Waits.announce();
      LockSupport.parkNanos(this, left);
      if (Thread.currentThread().isInterrupted()) {
        throw cancelled(new InterruptedException());
      }
    }
  }

  private CancellationException cancelled(InterruptedException cause) {
    return Waits.cancelled(cause, "interrupted while waiting for a server: url=" + server);
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
