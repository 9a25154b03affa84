package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ChatTest {
  private static final String PATH = "/v1/chat/completions";

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

  private static String prompt(String json) throws Exception {
    JsonNode tokens = server.ok("/tokenize", json).path("tokens");
    return TestServer.TEXT.decode(tokens.valueStream().mapToInt(JsonNode::intValue).toArray());
  }

  @Test
  void aChatIsWrittenByTheTemplateAndAnsweredAsBurnishGenerateDoes() throws Exception {
    JsonNode json =
        server.ok(
            PATH,
            """
            {"model":"tiny","seed":9,"max_completion_tokens":15,"messages":[
              {"role":"system","content":"short"},
              {"role":"user","content":[{"type":"text","text":"hel"},{"type":"text","text":"lo"}]}]}
            """);
    SamplingParams params =
        SamplingParams.defaults()
            .withMaxTokens(15)
            .withSeed(9)
            .withSuppressed(List.of(TestServer.TEXT.endId().orElseThrow()));
    Prompt chat =
        new Prompt.Chat(
            List.of(new Prompt.Turn("system", "short"), new Prompt.Turn("user", "hello")));
    Completion expected =
        server
            .model
            .generator()
            .generateAll(List.of(chat), params)
            .getFirst()
            .completions()
            .getFirst();
    assertThat(json.path("object").asString()).isEqualTo("chat.completion");
    JsonNode choice = json.path("choices").path(0);
    assertThat(choice.at("/message/role").asString()).isEqualTo("assistant");
    assertThat(choice.at("/message/content").asString()).isEqualTo(expected.text());
    assertThat(choice.path("finish_reason").asString()).isEqualTo("length");
  }

  @Test
  void toolsAndVariablesReachTheTemplateAndArgumentsOfCallsAreObjectsThere() throws Exception {
    String rest =
        """
        "tools":[{"type":"function","function":{"name":"add"}}],
        "chat_template_kwargs":{"mood":"calm"},
        "messages":[{"role":"assistant","content":null,
          "tool_calls":[{"id":"1","type":"function","function":{"name":"add","arguments":"{\\"x\\": 7}"}}]}]}
        """;
    assertThat(prompt("{" + rest)).isEqualTo("[add]assistant: <7>(calm)assistant:");
    assertThat(prompt("{\"tool_choice\":\"none\"," + rest)).doesNotContain("[add]");
    server.refused(400, PATH, "{\"tool_choice\":\"required\"," + rest);
  }

  @Test
  void aStreamBeginsWithTheRoleAndJoinsToTheWholeAnswer() throws Exception {
    String rest =
        "\"seed\":2,\"max_tokens\":20,\"n\":2,\"logprobs\":true,\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}";
    JsonNode whole = server.ok(PATH, "{" + rest);
    List<JsonNode> events = server.events(PATH, "{\"stream\":true," + rest);
    for (int i = 0; i < 2; i++) {
      JsonNode first = events.get(i).path("choices").path(0);
      assertThat(first.path("index").asInt()).isEqualTo(i);
      assertThat(first.at("/delta/role").asString()).isEqualTo("assistant");
    }
    StringBuilder[] texts = {new StringBuilder(), new StringBuilder()};
    int[] tokens = {0, 0};
    for (JsonNode event : events.subList(2, events.size())) {
      assertThat(event.path("object").asString()).isEqualTo("chat.completion.chunk");
      assertThat(event.has("usage")).isFalse();
      JsonNode choice = event.path("choices").path(0);
      int index = choice.path("index").asInt();
      texts[index].append(choice.at("/delta/content").asString(""));
      tokens[index] += choice.at("/logprobs/content").size();
    }
    for (int i = 0; i < 2; i++) {
      JsonNode expected = whole.path("choices").path(i);
      assertThat(texts[i].toString()).isEqualTo(expected.at("/message/content").asString());
      assertThat(tokens[i]).isEqualTo(20).isEqualTo(expected.at("/logprobs/content").size());
    }
  }

  @Test
  void logprobsNameEachTokenWithItsBytes() throws Exception {
    JsonNode json =
        server.ok(
            PATH,
            "{\"max_tokens\":3,\"logprobs\":true,\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}");
    JsonNode choice = json.path("choices").path(0);
    StringBuilder text = new StringBuilder();
    for (JsonNode entry : choice.at("/logprobs/content")) {
      assertThat(entry.path("logprob").doubleValue()).isLessThan(0);
      assertThat(entry.path("bytes").path(0).asInt())
          .isEqualTo(entry.path("token").asString().charAt(0));
      text.append(entry.path("token").asString());
    }
    // Special tokens are named here, and are no text.
    assertThat(text.toString().replaceAll("<\\|[a-z]+\\|>", ""))
        .isEqualTo(choice.at("/message/content").asString());
  }

  @Test
  void messagesThatAreNoneAreRefusedByName() throws Exception {
    for (String messages :
        List.of(
            "[]",
            "\"hello\"",
            "[{\"content\":\"no role\"}]",
            "[3]",
            "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]",
            "[{\"role\":\"user\",\"content\":7}]")) {
      JsonNode error = server.refused(400, PATH, "{\"messages\":%s}".formatted(messages));
      assertThat(error.path("param").asString("")).as(messages).startsWith("messages");
    }
  }
}
