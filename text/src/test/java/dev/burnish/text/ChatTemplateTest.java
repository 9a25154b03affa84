package dev.burnish.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ChatTemplateTest {
  private static final ChatOptions OPTIONS = ChatOptions.defaults();
  private static final List<ChatMessage> CHAT =
      List.of(
          ChatMessage.user("Hi"),
          ChatMessage.assistant("Hello!"),
          ChatMessage.user("2+2?"),
          ChatMessage.assistant("4"));

  @TempDir Path folder;

  private ChatTemplate load(String config) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    Files.writeString(folder.resolve("tokenizer_config.json"), config);
    return ChatTemplate.load(folder);
  }

  @Test
  void rendersTheModelsOwnTemplateToTheRecordedIds() throws IOException {
    JsonNode oracle =
        JsonMapper.shared()
            .readTree(Files.readString(SharedFiles.data("oracle/smollm2_forward.json")));
    Path model = SharedFiles.model("smollm2-135m-instruct");
    ChatTemplate template = ChatTemplate.load(model);
    int chats = 0;
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      assertThat(tokenizer.chatTemplate()).isPresent();
      for (JsonNode example : oracle.path("cases")) {
        if (!example.path("messages").isArray()) {
          continue;
        }
        chats++;
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode message : example.path("messages")) {
          messages.add(
              new ChatMessage(
                  message.path("role").stringValue(), message.path("content").stringValue()));
        }
        String text = template.render(messages, OPTIONS.withGenerationPrompt(true));
        assertThat(text).isEqualTo(example.path("text").stringValue());
        assertThat(tokenizer.encode(text))
            .containsExactly(
                IntStream.range(0, example.path("ids").size())
                    .map(i -> example.path("ids").get(i).intValue())
                    .toArray());
      }
    }
    assertThat(chats).isPositive();
  }

  @Test
  void passesToolsDocumentsVariablesAndSpecialTokens() throws IOException {
    ChatTemplate template =
        load(
            """
            {"bos_token": {"content": "<s>"}, "eos_token": "</s>",
             "chat_template": "{{ bos_token }}{{ tools }}{{ documents|length }}{{ thinking }}{{ eos_token }}"}\
            """);
    ChatOptions options =
        OPTIONS
            .withTools(List.of(Map.of("name", "f")))
            .withDocuments(List.of(Map.of("title", "t")))
            .withVariables(Map.of("thinking", true));
    assertThat(template.render(CHAT, options)).isEqualTo("<s>[{'name': 'f'}]1True</s>");
    assertThat(ChatTemplate.of("{{ tools }}{{ documents }}").render(CHAT, OPTIONS))
        .isEqualTo("NoneNone");
  }

  @Test
  void picksAmongNamedTemplatesAndPrefersTheFile() throws IOException {
    ChatTemplate template =
        load(
            """
            {"chat_template": [{"name": "default", "template": "plain"},
                               {"name": "tool_use", "template": "with tools"}]}\
            """);
    assertThat(template.render(CHAT, OPTIONS)).isEqualTo("plain");
    assertThat(template.render(CHAT, OPTIONS.withTools(List.of(Map.of("name", "f")))))
        .isEqualTo("with tools");
    Files.writeString(folder.resolve("chat_template.jinja"), "from file");
    assertThat(ChatTemplate.load(folder).render(CHAT, OPTIONS)).isEqualTo("from file");
    Files.writeString(folder.resolve("chat_template.jinja"), "\uFEFFmarked");
    assertThat(ChatTemplate.load(folder).render(CHAT, OPTIONS)).isEqualTo("marked");
  }

  @Test
  void refusesAFolderWithoutATemplate() {
    assertThatThrownBy(() -> load("{}"))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("no chat template in directory=" + folder);
  }

  private static List<String> assistant(ChatTemplate template, List<ChatMessage> messages) {
    ChatText text = template.renderWithSpans(messages, OPTIONS);
    return text.assistant().stream()
        .map(span -> text.text().substring(span.start(), span.end()))
        .toList();
  }

  @Test
  void findsTheAssistantsPartsThatTheTemplateMarks() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}"
                + "{% generation %}{{ m.content }}</s>{% endgeneration %}{% else %}{{ m.content }}{% endif %}\n"
                + "{% endfor %}");
    assertThat(assistant(template, CHAT)).containsExactly("Hello!</s>", "4</s>");
  }

  @Test
  void findsTheAssistantsPartsByWhatEachMessageAdds() {
    ChatTemplate template = ChatTemplate.load(SharedFiles.model("smollm2-135m-instruct"));
    assertThat(assistant(template, CHAT)).containsExactly("Hello!<|im_end|>\n", "4<|im_end|>\n");
  }

  @Test
  void findsTheAssistantsPartsWhereLaterTurnsChangeEarlierOnes() {
    String source =
        "{% for m in messages %}[{{ m.role }}]{{ '(thinking)' if loop.last and m.role == 'assistant' }}"
            + "{{ m.content }}{{ eos_token }}{% endfor %}{{ '[assistant]' if add_generation_prompt }}";
    ChatTemplate template = ChatTemplate.of(source, Map.of("eos_token", "</s>"));
    assertThat(assistant(template, CHAT)).containsExactly("Hello!</s>", "(thinking)4</s>");
  }

  @Test
  void refusesToGuessTheAssistantsParts() {
    ChatTemplate template = ChatTemplate.of("{{ messages|length }}{{ messages[-1].content }}");
    assertThatThrownBy(() -> template.renderWithSpans(CHAT, OPTIONS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("message=1")
        .hasMessageContaining("{% generation %}");
  }

  @Test
  void masksTheTokensOfTheAssistantsParts() {
    Path model = SharedFiles.model("smollm2-135m-instruct");
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      ChatText text = ChatTemplate.load(model).renderWithSpans(CHAT, OPTIONS);
      Encoding encoding = tokenizer.encodeWithOffsets(text.text());
      boolean[] mask = encoding.within(text.assistant());
      int[] masked =
          IntStream.range(0, mask.length)
              .filter(i -> mask[i])
              .map(i -> encoding.ids()[i])
              .toArray();
      assertThat(tokenizer.decode(masked)).isEqualTo("Hello!<|im_end|>\n4<|im_end|>\n");
    }
  }
}
