package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Subtask;
import dev.burnish.engine.EngineSettings;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class OverloadTest {
  private static final String PATH = "/v1/completions";

  @Test
  void requestsBeyondThoseThatMayWaitAreRefusedAndTheOthersAreServed() throws Exception {
    try (TestServer server = TestServer.start(EngineSettings.defaults().withMaxWaiting(1));
        Scope scope = Scope.open();
        TestServer.Held held = server.holdEngine()) {
      Subtask<JsonNode> waiting =
          scope.fork("waits", () -> server.ok(PATH, "{\"prompt\":\"a\",\"max_tokens\":3}"));
      TestServer.until(() -> server.engine.stats().load().waiting() == 1);
      HttpResponse<String> refused = server.post(PATH, "{\"prompt\":\"b\",\"max_tokens\":3}");
      assertThat(TestServer.error(429, refused).path("type").asString())
          .isEqualTo("rate_limit_error");
      assertThat(refused.headers().firstValue("Retry-After")).contains("1");
      // Of several prompts none is served if one is refused.
      server.refused(429, PATH, "{\"prompt\":[\"b\",\"c\"],\"max_tokens\":3}");
      held.release();
      scope.join();
      assertThat(waiting.result().at("/usage/completion_tokens").asInt()).isEqualTo(3);
      TestServer.until(server::isIdle);
      assertThat(server.post(PATH, "{\"prompt\":\"b\"}").statusCode()).isEqualTo(200);
    }
  }
}
