package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.SamplingParams.Logprobs;
import dev.burnish.rollout.SamplingParams.Stop.AtEnd;
import dev.burnish.rollout.TopLogprobs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The members of a request that change what is sampled, each against the engine's own parameter.
class SamplingTest {
  private static final String PATH = "/v1/completions";
  private static final SamplingParams PARAMS =
      SamplingParams.defaults().withMaxTokens(40).withSeed(3);

  @SuppressWarnings("NullAway.Init")
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.withEndTokens();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Completion generated(SamplingParams params) {
    return server
        .model
        .generator()
        .generateAll(List.of(Prompt.text("sampling")), params)
        .getFirst()
        .completions()
        .getFirst();
  }

  private static JsonNode served(String members) throws Exception {
    return server.ok(
        PATH,
        "{\"prompt\":\"sampling\",\"max_tokens\":40,\"seed\":3,\"return_token_ids\":true%s}"
            .formatted(members));
  }

  private static void assertSame(String members, SamplingParams params) throws Exception {
    Completion expected = generated(params);
    JsonNode choice = served(members).path("choices").path(0);
    assertThat(choice.path("token_ids").valueStream().mapToInt(JsonNode::intValue).toArray())
        .as(members)
        .isEqualTo(expected.tokens());
    assertThat(choice.path("text").asString()).as(members).isEqualTo(expected.text());
    assertThat(choice.path("finish_reason").asString())
        .as(members)
        .isEqualToIgnoringCase(expected.finish().name());
  }

  @Test
  void eachMemberIsTheEnginesParameter() throws Exception {
    assertSame("", PARAMS);
    assertSame(",\"temperature\":0", PARAMS.withTemperature(0));
    assertSame(",\"temperature\":0.3,\"top_p\":0.6", PARAMS.withTemperature(0.3).withTopP(0.6));
    assertSame(",\"top_k\":4", PARAMS.withTopK(4));
    assertSame(",\"top_k\":-1", PARAMS);
    assertSame(",\"min_p\":0.4", PARAMS.withMinP(0.4));
    assertSame(",\"typical_p\":0.4", PARAMS.withTypicalP(0.4));
    assertSame(",\"repetition_penalty\":1.8", PARAMS.withRepetitionPenalty(1.8));
    assertSame(",\"presence_penalty\":1.5", PARAMS.withPresencePenalty(1.5));
    assertSame(",\"frequency_penalty\":-1.5", PARAMS.withFrequencyPenalty(-1.5));
    assertSame(",\"allowed_token_ids\":[9,10,11]", PARAMS.withAllowed(List.of(9, 10, 11)));
    assertSame(
        ",\"logit_bias\":{\"20\":5,\"21\":-100}",
        PARAMS.withBias(Map.of(20, 5.0)).withSuppressed(List.of(21)));
  }

  @Test
  void endsAreTheEngines() throws Exception {
    int third = generated(PARAMS).tokens()[20];
    assertSame(",\"stop_token_ids\":[%d]".formatted(third), PARAMS.withStopTokens(List.of(third)));
    assertSame(
        ",\"stop_token_ids\":[%d],\"min_tokens\":30".formatted(third),
        PARAMS.withStopTokens(List.of(third)).withMinTokens(30));
    int end = TestServer.TEXT.endId().orElseThrow();
    String likely = ",\"logit_bias\":{\"%d\":6}".formatted(end);
    SamplingParams ending = PARAMS.withBias(Map.of(end, 6.0));
    assertThat(generated(ending).tokens().length).isLessThan(40);
    assertSame(likely, ending);
    assertSame(likely + ",\"ignore_eos\":true", ending.withEnd(AtEnd.CONTINUE));
  }

  @Test
  void aStreamEndsBeforeAStopTokenToo() throws Exception {
    int stop = generated(PARAMS).tokens()[20];
    Completion expected = generated(PARAMS.withStopTokens(List.of(stop)));
    StringBuilder text = new StringBuilder();
    for (JsonNode event :
        server.events(
            PATH,
            "{\"prompt\":\"sampling\",\"max_tokens\":40,\"seed\":3,\"stream\":true,\"stop_token_ids\":[%d]}"
                .formatted(stop))) {
      text.append(event.path("choices").path(0).path("text").asString());
    }
    assertThat(text.toString()).isEqualTo(expected.text());
  }

  @Test
  void theBestOfSeveralIsReturnedAndTheOthersAreCounted() throws Exception {
    JsonNode json = served(",\"best_of\":4,\"n\":2");
    List<Completion> expected =
        server
            .model
            .generator()
            .generateAll(List.of(Prompt.text("sampling")), PARAMS.withN(2).withBestOf(4))
            .getFirst()
            .completions();
    assertThat(json.path("choices").valueStream().map(c -> c.path("text").asString()))
        .containsExactlyElementsOf(expected.stream().map(Completion::text).toList());
    assertThat(json.at("/usage/completion_tokens").asInt()).isGreaterThan(80);
  }

  @Test
  void topLogprobsAreTheEnginesWholeAndStreamed() throws Exception {
    Completion expected =
        generated(PARAMS.withLogprobs(new Logprobs(3, Logprobs.Distribution.TEMPERED)));
    JsonNode logprobs = served(",\"logprobs\":3").at("/choices/0/logprobs");
    List<JsonNode> streamed = new ArrayList<>();
    for (JsonNode event :
        server.events(
            PATH,
            "{\"prompt\":\"sampling\",\"max_tokens\":40,\"seed\":3,\"stream\":true,\"logprobs\":3}")) {
      event.at("/choices/0/logprobs/top_logprobs").forEach(streamed::add);
    }
    assertThat(streamed).hasSize(expected.tokens().length);
    for (int i = 0; i < streamed.size(); i++) {
      TopLogprobs top = expected.details().top().get(i);
      JsonNode json = logprobs.path("top_logprobs").path(i);
      assertThat(json).isEqualTo(streamed.get(i));
      for (int k = 0; k < 3; k++) {
        assertThat(json.path(TestServer.TEXT.decode(top.tokens()[k])).floatValue())
            .isEqualTo(top.logprobs()[k]);
      }
      assertThat(json.has(TestServer.TEXT.decode(expected.tokens()[i]))).isTrue();
    }
  }

  @Test
  void badWordsAreNeverWritten() throws Exception {
    String text = served("").at("/choices/0/text").asString();
    String bad = text.substring(4, 6);
    JsonNode json =
        served(",\"bad_words\":[%s]".formatted(JsonMapper.shared().writeValueAsString(bad)));
    assertThat(json.at("/choices/0/text").asString()).doesNotContain(bad);
  }

  @Test
  void aChoiceAnExpressionAndASchemaAreKeptWholeAndStreamed() throws Exception {
    assertThat(formed("\"structured_outputs\":{\"choice\":[\"left\",\"right\"]}"))
        .isIn("left", "right");
    assertThat(formed("\"structured_outputs\":{\"regex\":\"[0-9]{3}-[ab]\"}"))
        .matches("[0-9]{3}-[ab]");
    JsonNode json =
        JsonMapper.shared()
            .readTree(
                formed(
                    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
                        + "{\"type\":\"object\",\"properties\":{\"yes\":{\"type\":\"boolean\"}},"
                        + "\"required\":[\"yes\"],\"additionalProperties\":false}}}"));
    assertThat(json.path("yes").isBoolean()).isTrue();
  }

  /// The text of a completion of that form, which a stream gives too.
  private static String formed(String form) throws Exception {
    String rest = "\"prompt\":\"form\",\"max_tokens\":300,\"seed\":3," + form + "}";
    JsonNode choice = server.ok(PATH, "{" + rest).path("choices").path(0);
    assertThat(choice.path("finish_reason").asString()).isEqualTo("stop");
    StringBuilder streamed = new StringBuilder();
    for (JsonNode event : server.events(PATH, "{\"stream\":true," + rest)) {
      streamed.append(event.at("/choices/0/text").asString(""));
    }
    assertThat(streamed.toString()).isEqualTo(choice.path("text").asString());
    return streamed.toString();
  }

  @Test
  void aSchemaThatIsNoneIsTheRequestsError() throws Exception {
    JsonNode error =
        server.refused(
            400,
            PATH,
            "{\"prompt\":\"a\",\"structured_outputs\":{\"json\":{\"type\":\"nothing\"}}}");
    assertThat(error.path("type").asString()).isEqualTo("invalid_request_error");
  }

  @Test
  void chatsHaveTopLogprobsToo() throws Exception {
    JsonNode json =
        server.ok(
            "/v1/chat/completions",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":2,\"logprobs\":true,\"top_logprobs\":4}");
    JsonNode entry = json.at("/choices/0/logprobs/content/0");
    assertThat(entry.path("top_logprobs")).hasSize(4);
    assertThat(entry.at("/top_logprobs/0/logprob").doubleValue())
        .isGreaterThanOrEqualTo(entry.at("/top_logprobs/1/logprob").doubleValue());
  }
}
