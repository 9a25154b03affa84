package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Scope;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Clients that leave, that are many, or that keep their connection.
class ClientsTest {
  private static final String PATH = "/v1/completions";
  private static final String ENDLESS = "{\"prompt\":\"a\",\"max_tokens\":4000,\"stream\":%s}";

  private TestServer server = TestServer.start();

  @BeforeEach
  void isIdle() {
    assertThat(server.isIdle()).isTrue();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /// A connection whose bytes the test writes and reads itself.
  private final class Raw implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;

    Raw() throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port());
      in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    Raw send(String json) throws IOException {
      String request =
          "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(PATH, json.length(), json);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    Raw readUntil(String wanted) throws IOException {
      StringBuilder read = new StringBuilder();
      while (read.indexOf(wanted) < 0) {
        int next = in.read();
        assertThat(next).as("the end of %s", read).isNotNegative();
        read.append((char) next);
      }
      return this;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void aStreamingClientThatLeavesFreesItsRequest() throws Exception {
    try (Raw client = new Raw()) {
      client.send(ENDLESS.formatted(true)).readUntil("data:");
    }
    TestServer.until(server::isIdle);
    assertThat(server.get("/metrics").body()).contains("burnish_clients_left_total 1\n");
  }

  @Test
  void aClientThatLeavesBeforeAnythingWasWrittenFreesItsRequest() throws Exception {
    try (Raw client = new Raw()) {
      client.send(ENDLESS.formatted(false));
      TestServer.until(() -> server.server.numActive() == 1);
    }
    TestServer.until(server::isIdle);
    assertThat(server.get("/metrics").body()).contains("burnish_clients_left_total 1\n");
  }

  @Test
  void aClientThatHasLeftAlreadyIsNotComputedFor() throws Exception {
    try (Raw client = new Raw()) {
      client.send(ENDLESS.formatted(false));
    }
    assertThat(server.ok(PATH, "{\"prompt\":\"b\",\"max_tokens\":2}").path("choices")).hasSize(1);
    TestServer.until(server::isIdle);
  }

  @Test
  void aClientThatDoesNotReadIsLeft() throws Exception {
    ServerSettings.Limits limits =
        new ServerSettings.Limits(
            1 << 20,
            64,
            256,
            Duration.ofMillis(300),
            Duration.ofMinutes(5),
            Duration.ofSeconds(30));
    server.close();
    server = TestServer.start(TestServer.settings(List.of(), limits));
    try (Raw client = new Raw()) {
      client.send(
          "{\"prompt\":\"a\",\"max_tokens\":4000,\"n\":128,\"stream\":true,\"logprobs\":9}");
      TestServer.until(() -> server.server.numActive() == 1);
      TestServer.until(server::isIdle);
    }
    assertThat(server.ok(PATH, "{\"prompt\":\"b\",\"max_tokens\":2}").path("choices")).hasSize(1);
  }

  @Test
  void aConnectionServesOneRequestAfterAnother() throws Exception {
    try (Raw client = new Raw()) {
      for (int i = 0; i < 5; i++) {
        client.send("{\"prompt\":\"a\",\"max_tokens\":3}").readUntil("\"usage\"");
      }
      // Two at once: the second waits in the connection while the first is served.
      client
          .send("{\"prompt\":\"a\",\"max_tokens\":50}")
          .send("{\"prompt\":\"b\",\"max_tokens\":2}");
      client.readUntil("\"completion_tokens\":50").readUntil("\"completion_tokens\":2");
    }
  }

  @Test
  void twoHundredStreamsOfWhichHalfAreLeftEarlyAllEnd() throws Exception {
    List<Integer> clients = IntStream.range(0, 200).boxed().toList();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      JsonNode json = server.ok(PATH, body(i, false));
      expected.add(json.path("choices").path(0).path("text").asString());
    }
    List<String> texts =
        Scope.map(
            clients,
            i -> {
              try {
                return i % 2 == 0 ? leave(i) : text(i);
              } catch (Exception e) {
                throw new IllegalStateException("client " + i, e);
              }
            });
    for (int i = 1; i < texts.size(); i += 2) {
      assertThat(texts.get(i)).isEqualTo(expected.get(i % 5));
    }
    TestServer.until(server::isIdle);
    HttpResponse<String> metrics = server.get("/metrics");
    assertThat(metrics.body()).contains("burnish_requests_running 0\n");
  }

  private static String body(int client, boolean stream) {
    return "{\"prompt\":\"c\",\"max_tokens\":40,\"seed\":%d,\"stream\":%s}"
        .formatted(client % 5, stream);
  }

  private String leave(int client) throws IOException {
    try (Raw raw = new Raw()) {
      raw.send(client % 4 == 0 ? ENDLESS.formatted(true) : ENDLESS.formatted(false));
      if (client % 8 == 0) {
        raw.readUntil("data:");
      }
      return "";
    }
  }

  private String text(int client) throws Exception {
    StringBuilder text = new StringBuilder();
    for (JsonNode event : server.events(PATH, body(client, true))) {
      text.append(event.path("choices").path(0).path("text").asString());
    }
    return text.toString();
  }
}
