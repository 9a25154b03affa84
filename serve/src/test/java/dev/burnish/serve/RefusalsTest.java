package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class RefusalsTest {
  private static final String PATH = "/v1/completions";
  private static final int MAX_BODY = 20_000;
  private static final ServerSettings.Limits LIMITS =
      new ServerSettings.Limits(
          MAX_BODY, 64, 8, Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofSeconds(5));

  @SuppressWarnings("NullAway.Init")
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start(TestServer.settings(List.of("first", "k3y"), LIMITS));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return server.client.send(
        request.header("Authorization", "Bearer k3y").build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Bearer", "Bearer k3", "Bearer k3yy", "bearer wrong", "Basic k3y", "k3y"})
  void aRequestWithoutAKeyIsRefused(String authorization) throws Exception {
    HttpRequest.Builder request = server.request(PATH, "{\"prompt\":\"a\"}");
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    HttpResponse<String> response =
        server.client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    JsonNode error = TestServer.error(401, response);
    assertThat(error.path("code").asString()).isEqualTo("invalid_api_key");
    assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
  }

  @Test
  void everyRouteButHealthNeedsTheKeyAndEachKeyOpensIt() throws Exception {
    assertThat(server.get("/health").statusCode()).isEqualTo(200);
    for (String path : List.of("/metrics", "/v1/models", "/v1/models/tiny")) {
      assertThat(server.get(path).statusCode()).as(path).isEqualTo(401);
      for (String key : List.of("first", "k3y")) {
        HttpRequest request =
            HttpRequest.newBuilder(server.uri(path))
                .header("Authorization", "bearer " + key)
                .build();
        assertThat(server.client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
            .as(path)
            .isEqualTo(200);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "{\"prompt\":\"a\"} x",
        "{\"prompt\":\"a\",\"prompt\":\"b\"}",
        "{\"prompt\":\"a\",\"seed\":1e999999}",
        "{\"prompt\":\"a\",\"seed\":11111111111111111111111111111111111111111111111111111111111111111}",
        "{\"prompt\":\"\\ud800\\u0000\" 1}",
        "{'prompt':'a'}",
        "{\"prompt\":NaN}"
      })
  void whatIsNoJsonObjectIsRefused(String body) throws Exception {
    TestServer.error(400, send(server.request(PATH, body)));
  }

  @Test
  void deepJsonIsRefused() throws Exception {
    String deep = "[".repeat(5000) + "]".repeat(5000);
    TestServer.error(400, send(server.request(PATH, "{\"prompt\":%s}".formatted(deep))));
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() throws Exception {
    byte[] body = "{\"prompt\":\"a?\"}".getBytes(StandardCharsets.ISO_8859_1);
    body[12] = (byte) 0xFF;
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri(PATH))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    TestServer.error(400, send(request));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | prompt",
        "{\"prompt\":null} | prompt",
        "{\"prompt\":[]} | prompt",
        "{\"prompt\":\"\"} | prompt",
        "{\"prompt\":{}} | prompt",
        "{\"prompt\":[1,\"a\"]} | prompt",
        "{\"prompt\":[1.5]} | prompt",
        "{\"prompt\":[-1]} | prompt",
        "{\"prompt\":[99999]} | prompt",
        "{\"prompt\":[4294967297]} | prompt",
        "{\"prompt\":\"a\",\"n\":0} | n",
        "{\"prompt\":\"a\",\"n\":9} | n",
        "{\"prompt\":[\"a\",\"a\",\"a\",\"a\",\"a\"],\"n\":2} | n",
        "{\"prompt\":\"a\",\"n\":1.5} | n",
        "{\"prompt\":\"a\",\"n\":2,\"best_of\":1} | best_of",
        "{\"prompt\":\"a\",\"n\":2,\"best_of\":3,\"stream\":true} | best_of",
        "{\"prompt\":\"a\",\"n\":2,\"best_of\":9} | n",
        "{\"prompt\":\"a\",\"min_p\":1.5} | min_p",
        "{\"prompt\":\"a\",\"repetition_penalty\":0} | repetition_penalty",
        "{\"prompt\":\"a\",\"presence_penalty\":\"x\"} | presence_penalty",
        "{\"prompt\":\"a\",\"logit_bias\":{\"x\":1}} | logit_bias",
        "{\"prompt\":\"a\",\"logit_bias\":{\"99999\":1}} | logit_bias",
        "{\"prompt\":\"a\",\"logit_bias\":{\"5\":\"y\"}} | logit_bias",
        "{\"prompt\":\"a\",\"logit_bias\":[5]} | logit_bias",
        "{\"prompt\":\"a\",\"allowed_token_ids\":[99999]} | allowed_token_ids",
        "{\"prompt\":\"a\",\"stop_token_ids\":[-1]} | stop_token_ids",
        "{\"prompt\":\"a\",\"max_tokens\":3,\"min_tokens\":4} | min_tokens",
        "{\"prompt\":\"a\",\"response_format\":{\"type\":\"xml\"}} | response_format",
        "{\"prompt\":\"a\",\"response_format\":{\"type\":\"json_schema\"}} | response_format",
        "{\"prompt\":\"a\",\"structured_outputs\":{}} | structured_outputs",
        "{\"prompt\":\"a\",\"structured_outputs\":{\"choice\":[]}} | structured_outputs.choice",
        "{\"prompt\":\"a\",\"guided_regex\":\"a+\"} | guided_regex",
        "{\"prompt\":\"a\",\"max_tokens\":0} | max_tokens",
        "{\"prompt\":\"a\",\"max_tokens\":\"9\"} | max_tokens",
        "{\"prompt\":\"a\",\"temperature\":-0.1} | temperature",
        "{\"prompt\":\"a\",\"temperature\":\"hot\"} | temperature",
        "{\"prompt\":\"a\",\"top_p\":0} | top_p",
        "{\"prompt\":\"a\",\"top_p\":1.1} | top_p",
        "{\"prompt\":\"a\",\"top_k\":-2} | top_k",
        "{\"prompt\":\"a\",\"seed\":9223372036854775808} | seed",
        "{\"prompt\":\"a\",\"stop\":[\"\"]} | stop",
        "{\"prompt\":\"a\",\"stop\":[7]} | stop",
        "{\"prompt\":\"a\",\"stream\":\"yes\"} | stream",
        "{\"prompt\":\"a\",\"stream_options\":true} | stream_options",
        "{\"prompt\":\"a\",\"logprobs\":21} | logprobs",
        "{\"prompt\":\"a\",\"suffix\":\"b\"} | suffix",
        "{\"prompt\":\"a\",\"model\":7} | model",
        "{\"prompt\":\"a\",\"echo\":true,\"logprobs\":1} | echo"
      })
  void aWrongMemberIsNamed(String body, String param) throws Exception {
    JsonNode error = TestServer.error(400, send(server.request(PATH, body)));
    assertThat(error.path("param").asString()).isEqualTo(param);
    assertThat(error.path("type").asString()).isEqualTo("invalid_request_error");
  }

  @Test
  void aPromptThatFillsTheModelIsRefused() throws Exception {
    String prompt = "x".repeat(TestServer.MAX_LENGTH);
    JsonNode error =
        TestServer.error(400, send(server.request(PATH, "{\"prompt\":\"%s\"}".formatted(prompt))));
    assertThat(error.path("code").asString()).isEqualTo("context_length_exceeded");
  }

  @Test
  void anotherModelIsNotFound() throws Exception {
    JsonNode error =
        TestServer.error(404, send(server.request(PATH, "{\"prompt\":\"a\",\"model\":\"gpt-4\"}")));
    assertThat(error.path("code").asString()).isEqualTo("model_not_found");
    TestServer.error(404, send(HttpRequest.newBuilder(server.uri("/v1/models/gpt-4"))));
  }

  @Test
  void anUnknownRouteIsNotFoundAndEmbeddingsSayThatThereAreNone() throws Exception {
    TestServer.error(404, send(server.request("/v1/nothing", "{}")));
    TestServer.error(404, send(HttpRequest.newBuilder(server.uri(PATH))));
    JsonNode error = TestServer.error(400, send(server.request("/v1/embeddings", "{}")));
    assertThat(error.path("message").asString()).contains("embeddings");
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedWhetherItSaysItsLengthOrNot() throws Exception {
    byte[] body = new byte[MAX_BODY + 100];
    Arrays.fill(body, (byte) ' ');
    TestServer.error(
        413,
        send(
            HttpRequest.newBuilder(server.uri(PATH))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))));
    TestServer.error(
        413,
        send(
            HttpRequest.newBuilder(server.uri(PATH))
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(body)))));
  }

  @Test
  void aRefusalReachesAClientThatSendsOnFirst() throws Exception {
    byte[] part = new byte[64 << 10];
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          """
          POST %s HTTP/1.1\r
          Host: localhost\r
          Authorization: Bearer k3y\r
          Content-Type: application/json\r
          Content-Length: %d\r
          \r
          """
              .formatted(PATH, 256L * part.length)
              .getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 256; i++) {
        out.write(part);
      }
      byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 413".length());
      assertThat(new String(status, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 413");
    }
  }

  @Test
  void headersThatAreTooLargeAreRefused() throws Exception {
    HttpResponse<String> response =
        send(HttpRequest.newBuilder(server.uri("/v1/models")).header("X-Long", "x".repeat(40_000)));
    assertThat(response.statusCode()).isBetween(400, 499);
  }

  @Test
  void aFormThatAPageOfAnotherSiteCouldSendIsRefused() throws Exception {
    TestServer.error(
        415,
        send(
            HttpRequest.newBuilder(server.uri(PATH))
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"a\"}"))));
  }

  @Test
  void aServerThatOthersReachNeedsAKey() {
    assertThatThrownBy(() -> new ServerSettings("0.0.0.0", 0, List.of(), LIMITS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("host=0.0.0.0");
    assertThat(new ServerSettings("0.0.0.0", 0, List.of("k"), LIMITS).apiKeys()).hasSize(1);
    assertThat(new ServerSettings("::1", 0, List.of(), LIMITS).apiKeys()).isEmpty();
  }

  @Test
  void aPortThatIsTakenIsAnErrorThatNamesIt() {
    int taken = server.server.port();
    assertThatThrownBy(
            () -> TestServer.start(new ServerSettings("127.0.0.1", taken, List.of(), LIMITS)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port=" + taken);
  }
}
