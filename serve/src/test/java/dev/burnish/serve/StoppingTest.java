package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Subtask;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class StoppingTest {
  private static final String PATH = "/v1/completions";

  private static TestServer server(Duration grace) {
    return TestServer.start(
        TestServer.settings(
            List.of(),
            new ServerSettings.Limits(
                1 << 20, 64, 8, Duration.ofSeconds(30), Duration.ofMinutes(5), grace)));
  }

  @Test
  void aRunningRequestEndsAndNewOnesAreRefusedMeanwhile() throws Exception {
    try (TestServer server = server(Duration.ofMinutes(5));
        Scope scope = Scope.open();
        TestServer.Held held = server.holdEngine()) {
      int port = server.server.port();
      Subtask<JsonNode> running =
          scope.fork("client", () -> server.ok(PATH, "{\"prompt\":\"a\",\"max_tokens\":15}"));
      TestServer.until(() -> server.server.numActive() == 1);
      scope.fork("stop", server.server::close);
      TestServer.until(() -> status(server) != 200);
      JsonNode error = server.refused(503, PATH, "{\"prompt\":\"a\"}");
      assertThat(error.path("message").asString()).contains("stopping");
      held.release();
      scope.join();
      assertThat(running.result().at("/usage/completion_tokens").asInt()).isEqualTo(15);
      assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
          .isInstanceOf(ConnectException.class);
    }
  }

  private static int status(TestServer server) {
    try {
      HttpResponse<String> response = server.get("/health");
      return response.statusCode();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aRequestThatTakesTooLongIsAborted() throws Exception {
    try (TestServer server = server(Duration.ofMillis(1));
        Scope scope = Scope.open()) {
      Subtask<HttpResponse<String>> whole =
          scope.fork("whole", () -> server.post(PATH, "{\"prompt\":\"a\",\"max_tokens\":4000}"));
      TestServer.until(() -> server.server.numActive() == 1);
      server.server.close();
      scope.join();
      TestServer.error(503, whole.result());
      TestServer.until(server::isIdle);
    }
  }
}
