package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CompletionsTest {
  private static final String PATH = "/v1/completions";

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

  /// The completions that `burnish generate` makes, by the same call.
  private static List<Completion> generated(SamplingParams params, Prompt... prompts) {
    return server.model.generator().generateAll(List.of(prompts), params).stream()
        .flatMap(group -> group.completions().stream())
        .toList();
  }

  private static SamplingParams params(int n, int maxTokens, double temperature, long seed) {
    return SamplingParams.defaults()
        .withN(n)
        .withMaxTokens(maxTokens)
        .withTemperature(temperature)
        .withSeed(seed)
        .withSuppressed(List.of(TestServer.TEXT.endId().orElseThrow()));
  }

  @Test
  void textsAreThoseOfBurnishGenerate() throws Exception {
    JsonNode json =
        server.ok(
            PATH,
            "{\"prompt\":\"Hello\",\"n\":3,\"max_tokens\":20,\"temperature\":0.9,\"seed\":5}");
    List<Completion> expected = generated(params(3, 20, 0.9, 5), Prompt.text("Hello"));
    assertThat(json.path("object").asString()).isEqualTo("text_completion");
    assertThat(json.path("id").asString()).startsWith("cmpl-");
    assertThat(json.path("model").asString()).isEqualTo(TestServer.NAME);
    assertThat(json.path("choices")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      JsonNode choice = json.path("choices").path(i);
      assertThat(choice.path("index").asInt()).isEqualTo(i);
      assertThat(choice.path("text").asString()).isEqualTo(expected.get(i).text());
      assertThat(choice.path("finish_reason").asString()).isEqualTo("length");
    }
    assertThat(json.path("usage").toString())
        .isEqualTo("{\"prompt_tokens\":5,\"completion_tokens\":60,\"total_tokens\":65}");
  }

  @Test
  void tokenIdsComeInAndGoOutWithTheirExactLogprobs() throws Exception {
    int[] prompt = TestServer.TEXT.encode("abc");
    JsonNode json =
        server.ok(
            PATH,
            "{\"prompt\":%s,\"max_tokens\":12,\"seed\":3,\"logprobs\":0,\"return_token_ids\":true,\"return_tokens_as_token_ids\":true}"
                .formatted(JsonMapper.shared().writeValueAsString(prompt)));
    Completion expected = generated(params(1, 12, 1, 3), Prompt.tokens(prompt)).getFirst();
    JsonNode choice = json.path("choices").path(0);
    assertThat(ints(choice.path("token_ids"))).isEqualTo(expected.tokens());
    assertThat(ints(choice.path("prompt_token_ids"))).isEqualTo(prompt);
    JsonNode logprobs = choice.path("logprobs");
    for (int i = 0; i < expected.tokens().length; i++) {
      assertThat(logprobs.path("token_logprobs").path(i).floatValue())
          .isEqualTo(expected.logprobs()[i]);
      assertThat(logprobs.path("tokens").path(i).asString())
          .isEqualTo("token_id:" + expected.tokens()[i]);
      assertThat(logprobs.path("text_offset").path(i).asInt()).isEqualTo(i);
    }
  }

  private static int[] ints(JsonNode array) {
    return array.valueStream().mapToInt(JsonNode::intValue).toArray();
  }

  @Test
  void promptsOfAListAreDrawnAsThoseOfOneCall() throws Exception {
    JsonNode json =
        server.ok(
            PATH, "{\"prompt\":[\"same\",\"same\",[40,41]],\"n\":2,\"max_tokens\":9,\"seed\":8}");
    List<Completion> expected =
        generated(
            params(2, 9, 1, 8), Prompt.text("same"), Prompt.text("same"), Prompt.tokens(40, 41));
    assertThat(json.path("choices").valueStream().map(c -> c.path("text").asString()))
        .containsExactlyElementsOf(expected.stream().map(Completion::text).toList());
    assertThat(expected.getFirst().text()).isNotEqualTo(expected.get(2).text());
  }

  @Test
  void theSameSeedGivesTheSameTextAndAnotherOneAnother() throws Exception {
    String request = "{\"prompt\":\"x\",\"max_tokens\":30,\"seed\":%d}";
    String first = text(server.ok(PATH, request.formatted(1)));
    assertThat(text(server.ok(PATH, request.formatted(1)))).isEqualTo(first);
    assertThat(text(server.ok(PATH, request.formatted(2)))).isNotEqualTo(first);
    assertThat(text(server.ok(PATH, "{\"prompt\":\"x\",\"max_tokens\":30}")))
        .isNotEqualTo(text(server.ok(PATH, "{\"prompt\":\"x\",\"max_tokens\":30}")));
  }

  private static String text(JsonNode json) {
    return json.path("choices").path(0).path("text").asString();
  }

  @Test
  void aStreamJoinsToTheWholeAnswer() throws Exception {
    String rest =
        "\"prompt\":\"Hello\",\"n\":2,\"max_tokens\":25,\"seed\":4,\"logprobs\":0,\"return_token_ids\":true}";
    JsonNode whole = server.ok(PATH, "{" + rest);
    List<JsonNode> events =
        server.events(PATH, "{\"stream\":true,\"stream_options\":{\"include_usage\":true}," + rest);
    JsonNode usage = events.removeLast();
    assertThat(usage.path("choices")).isEmpty();
    assertThat(usage.path("usage")).isEqualTo(whole.path("usage"));
    TreeMap<Integer, List<JsonNode>> byChoice = new TreeMap<>();
    for (JsonNode event : events) {
      assertThat(event.path("id")).isEqualTo(events.getFirst().path("id"));
      assertThat(event.path("usage").isNull()).isTrue();
      JsonNode choice = event.path("choices").path(0);
      byChoice.computeIfAbsent(choice.path("index").asInt(), _ -> new ArrayList<>()).add(choice);
    }
    assertThat(byChoice.keySet()).containsExactly(0, 1);
    byChoice.forEach((index, pieces) -> {
      JsonNode expected = whole.path("choices").path(index);
      assertThat(pieces.size()).isGreaterThan(20);
      assertThat(joined(pieces, "text")).isEqualTo(expected.path("text").asString());
      assertThat(all(pieces, "/token_ids")).isEqualTo(list(expected.path("token_ids")));
      assertThat(all(pieces, "/logprobs/token_logprobs"))
          .isEqualTo(list(expected.at("/logprobs/token_logprobs")));
      assertThat(all(pieces, "/logprobs/text_offset"))
          .isEqualTo(list(expected.at("/logprobs/text_offset")));
      assertThat(pieces.getFirst().path("prompt_token_ids"))
          .isEqualTo(expected.path("prompt_token_ids"));
      assertThat(pieces.getLast().path("finish_reason").asString()).isEqualTo("length");
      assertThat(pieces.subList(0, pieces.size() - 1))
          .allMatch(piece -> piece.path("finish_reason").isNull());
    });
  }

  private static String joined(List<JsonNode> pieces, String name) {
    StringBuilder text = new StringBuilder();
    pieces.forEach(piece -> text.append(piece.path(name).asString("")));
    return text.toString();
  }

  private static List<String> all(List<JsonNode> pieces, String pointer) {
    return pieces.stream().flatMap(piece -> list(piece.at(pointer)).stream()).toList();
  }

  private static List<String> list(JsonNode array) {
    return array.valueStream().map(JsonNode::toString).toList();
  }

  @Test
  void aStopTextAcrossTokensEndsTheTextBeforeItAndIsNeverShown() throws Exception {
    String whole = text(server.ok(PATH, "{\"prompt\":\"stop\",\"max_tokens\":60,\"seed\":6}"));
    String stop = whole.substring(30, 33);
    String expected = whole.substring(0, whole.indexOf(stop));
    String rest =
        "\"prompt\":\"stop\",\"max_tokens\":60,\"seed\":6,\"stop\":[%s,\"\\u0007never\"]}"
            .formatted(JsonMapper.shared().writeValueAsString(stop));
    JsonNode json = server.ok(PATH, "{" + rest);
    assertThat(text(json)).isEqualTo(expected);
    assertThat(json.path("choices").path(0).path("finish_reason").asString()).isEqualTo("stop");
    StringBuilder streamed = new StringBuilder();
    for (JsonNode event : server.events(PATH, "{\"stream\":true," + rest)) {
      streamed.append(text(event));
      assertThat(expected).startsWith(streamed);
    }
    assertThat(streamed.toString()).isEqualTo(expected);
  }

  @Test
  void echoRepeatsThePrompt() throws Exception {
    JsonNode json =
        server.ok(
            PATH, "{\"prompt\":[\"ab\",\"c\"],\"echo\":true,\"max_tokens\":3,\"temperature\":0}");
    List<Completion> expected = generated(params(1, 3, 0, 0), Prompt.text("ab"), Prompt.text("c"));
    assertThat(text(json)).isEqualTo("ab" + expected.get(0).text());
    assertThat(json.path("choices").path(1).path("text").asString())
        .isEqualTo("c" + expected.get(1).text());
  }

  @Test
  void anEchoHasTheLogprobsOfItsTokens() throws Exception {
    String rest =
        "\"prompt\":[\"echo me\",\"c\"],\"echo\":true,\"logprobs\":0,\"max_tokens\":3,\"seed\":4,\"return_token_ids\":true}";
    JsonNode whole = server.ok(PATH, "{" + rest);
    int[] prompt = TestServer.TEXT.encodePlain("echo me");
    float[] expected =
        server.model.generator().score(List.of(Continuation.ofAll(prompt))).getFirst().logprobs();
    JsonNode first = whole.path("choices").path(0);
    JsonNode logprobs = first.path("logprobs");
    assertThat(logprobs.path("tokens").size()).isEqualTo(prompt.length + 3);
    assertThat(logprobs.at("/token_logprobs/0").isNull()).isTrue();
    assertThat(logprobs.at("/top_logprobs/0").isNull()).isTrue();
    for (int i = 1; i < prompt.length; i++) {
      assertThat(logprobs.path("token_logprobs").path(i).floatValue()).isEqualTo(expected[i - 1]);
      assertThat(logprobs.path("tokens").path(i).asString())
          .isEqualTo(TestServer.TEXT.decode(prompt[i]));
    }
    assertThat(first.path("token_ids").size()).isEqualTo(3);
    assertThat(logprobs.at("/text_offset/" + prompt.length).asInt()).isEqualTo("echo me".length());
    JsonNode second = whole.path("choices").path(1);
    assertThat(second.at("/logprobs/tokens").size()).isEqualTo(4);
    String[] tokens = {"", ""};
    for (JsonNode event : server.events(PATH, "{\"stream\":true," + rest)) {
      JsonNode choice = event.path("choices").path(0);
      tokens[choice.path("index").asInt()] +=
          text(choice.at("/logprobs/tokens"), choice.at("/logprobs/token_logprobs"));
    }
    for (int i = 0; i < 2; i++) {
      JsonNode all = whole.path("choices").path(i).path("logprobs");
      assertThat(tokens[i]).isEqualTo(text(all.path("tokens"), all.path("token_logprobs")));
    }
  }

  private static String text(JsonNode tokens, JsonNode logprobs) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens.size(); i++) {
      text.append(tokens.path(i)).append(logprobs.path(i));
    }
    return text.toString();
  }

  @Test
  void endTokensEndACompletionAndAreNotInItsText() throws Exception {
    try (TestServer ending = TestServer.withEndTokens()) {
      JsonNode json =
          ending.ok(
              PATH, "{\"prompt\":\"e\",\"n\":8,\"max_tokens\":1500,\"return_token_ids\":true}");
      JsonNode stopped =
          json.path("choices")
              .valueStream()
              .filter(choice -> choice.path("finish_reason").asString().equals("stop"))
              .findFirst()
              .orElseThrow();
      int[] ids = ints(stopped.path("token_ids"));
      assertThat(ids[ids.length - 1]).isEqualTo(TestServer.TEXT.endId().orElseThrow());
      assertThat(stopped.path("text").asString()).isEqualTo(TestServer.TEXT.decode(ids, true));
    }
  }

  @Test
  void maxTokensIsSixteenWhereNotGivenAndNeverBeyondTheModel() throws Exception {
    assertThat(server.ok(PATH, "{\"prompt\":\"m\"}").at("/usage/completion_tokens").asInt())
        .isEqualTo(16);
    String long1 = "x".repeat(TestServer.MAX_LENGTH - 4);
    assertThat(
            server
                .ok(PATH, "{\"max_tokens\":100,\"prompt\":\"%s\"}".formatted(long1))
                .at("/usage/completion_tokens")
                .asInt())
        .isEqualTo(4);
  }
}
