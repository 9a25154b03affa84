package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

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

  private static String withTools(String answer, String more) {
    return """
    {%s"tools":[{"type":"function","function":{"name":"add"}}],"n":2,"max_tokens":400,
    "messages":[{"role":"user","content":"go"}],"structured_outputs":{"choice":[%s]}}
    """
        .formatted(more, JsonMapper.shared().writeValueAsString(answer));
  }

  @Test
  void callsOfToolsAreGivenApartFromTheTextWholeAndInAStream() throws Exception {
    try (TestServer ending = TestServer.withEndTokens()) {
      String answer =
          "[{\"name\": \"add\", \"arguments\": {\"x\": 1}}, {\"name\": \"neg\", \"arguments\": {}}]\nok";
      JsonNode whole = ending.ok(PATH, withTools(answer, ""));
      assertThat(whole.path("choices").size()).isEqualTo(2);
      Set<String> ids = new HashSet<>();
      for (JsonNode choice : whole.path("choices")) {
        assertThat(choice.path("finish_reason").asString()).isEqualTo("tool_calls");
        assertThat(choice.at("/message/content").asString()).isEqualTo("ok");
        JsonNode calls = choice.at("/message/tool_calls");
        assertThat(calls.size()).isEqualTo(2);
        assertThat(calls.at("/0/type").asString()).isEqualTo("function");
        assertThat(calls.at("/0/function/name").asString()).isEqualTo("add");
        assertThat(calls.at("/0/function/arguments").asString()).isEqualTo("{\"x\": 1}");
        assertThat(calls.at("/1/function/name").asString()).isEqualTo("neg");
        calls.forEach(call -> ids.add(call.path("id").asString()));
      }
      assertThat(ids).hasSize(4);
      StringBuilder[] seen = {new StringBuilder(), new StringBuilder()};
      for (JsonNode event : ending.events(PATH, withTools(answer, "\"stream\":true,"))) {
        JsonNode choice = event.path("choices").path(0);
        StringBuilder text = seen[choice.path("index").asInt()];
        text.append(choice.at("/delta/content").asString(""));
        for (JsonNode call : choice.at("/delta/tool_calls")) {
          text.append(call.path("index").asInt()).append(call.at("/function/name").asString());
          text.append(call.at("/function/arguments").asString());
        }
        text.append(choice.path("finish_reason").asString(""));
      }
      for (StringBuilder text : seen) {
        assertThat(text).hasToString("0add{\"x\": 1}1neg{}oktool_calls");
      }
    }
  }

  @Test
  void callsThatAreMalformedOrNotAskedForAreText() throws Exception {
    try (TestServer ending = TestServer.withEndTokens()) {
      String call = "{\"name\": \"add\", \"arguments\": {}}";
      for (String request :
          List.of(
              withTools(call.substring(1), ""),
              withTools(call.replace("{}", "[]"), ""),
              withTools(call, "\"tool_choice\":\"none\","))) {
        JsonNode choice = ending.ok(PATH, request).path("choices").path(0);
        assertThat(choice.at("/message/content").asString()).contains("\"add\", \"arguments\"");
        assertThat(choice.path("message").has("tool_calls")).isFalse();
        assertThat(choice.path("finish_reason").asString()).isEqualTo("stop");
      }
      JsonNode only = ending.ok(PATH, withTools(call, "")).path("choices").path(0);
      assertThat(only.path("message").path("content").isNull()).isTrue();
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
