package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class OtherRoutesTest {
  @SuppressWarnings("NullAway.Init")
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static JsonNode json(String path) throws Exception {
    HttpResponse<String> response = server.get(path);
    assertThat(response.statusCode()).isEqualTo(200);
    return JsonMapper.shared().readTree(response.body());
  }

  @Test
  void modelsAreListedAndFoundByName() throws Exception {
    JsonNode list = json("/v1/models");
    assertThat(list.path("object").asString()).isEqualTo("list");
    JsonNode model = list.path("data").path(0);
    assertThat(model.path("id").asString()).isEqualTo("tiny");
    assertThat(model.path("max_model_len").asInt()).isEqualTo(TestServer.MAX_LENGTH);
    assertThat(json("/v1/models/tiny")).isEqualTo(model);
  }

  @Test
  void textBecomesTokensAndTokensText() throws Exception {
    JsonNode tokens = server.ok("/tokenize", "{\"prompt\":\"a b\"}");
    assertThat(tokens.path("count").asInt()).isEqualTo(3);
    JsonNode text =
        server.ok("/detokenize", "{\"tokens\":%s}".formatted(tokens.path("tokens").toString()));
    assertThat(text.path("prompt").asString()).isEqualTo("a b");
    server.refused(400, "/tokenize", "{}");
    server.refused(400, "/detokenize", "{\"tokens\":\"a\"}");
  }

  @Test
  void healthIsOkWhileTheServerRuns() throws Exception {
    assertThat(json("/health").path("status").asString()).isEqualTo("ok");
  }

  @Test
  void metricsCountRequestsTokensAndTimes() throws Exception {
    try (TestServer own = TestServer.start()) {
      own.ok("/v1/completions", "{\"prompt\":\"abc\",\"max_tokens\":4,\"n\":2}");
      own.events("/v1/completions", "{\"prompt\":\"abc\",\"max_tokens\":4,\"stream\":true}");
      own.refused(400, "/v1/completions", "{}");
      HttpResponse<String> response = own.get("/metrics");
      assertThat(response.headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/plain; version=0.0.4");
      assertThat(response.body().lines())
          .contains(
              "burnish_http_requests_total{path=\"/v1/completions\",status=\"200\"} 2",
              "burnish_http_requests_total{path=\"/v1/completions\",status=\"400\"} 1",
              "burnish_prompt_tokens_total 6",
              "burnish_generation_tokens_total 12",
              "burnish_time_to_first_token_seconds_count 1",
              "burnish_request_duration_seconds_count 2",
              "burnish_requests_running 0")
          .allMatch(line -> line.startsWith("# ") || line.matches("[a-z_]+(\\{.*})? [0-9.E-]+"));
    }
  }
}
