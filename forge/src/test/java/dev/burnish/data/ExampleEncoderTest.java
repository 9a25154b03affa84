package dev.burnish.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.data.DataFiles.OnBadRow;
import dev.burnish.data.TextConfig.Form;
import dev.burnish.data.TextConfig.Learned;
import dev.burnish.data.TextConfig.TooLong;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ExampleEncoderTest {
  private static final Tokenizer LETTERS =
      CharacterTokenizer.of("abcdefghijklmnopqrstuvwxyz <>:012");
  private static final ChatTemplate CHAT =
      ChatTemplate.of(
          """
          {%- if tools %}<tools:{% for t in tools %}{{ t.name }}{% endfor %}>{% endif -%}
          {%- for m in messages -%}
          <{{ m.role }}:{{ m.content if m.content else '' }}
          {%- for c in m.tool_calls or [] %}<call:{{ c.name }}>{% endfor -%}
          >
          {%- endfor -%}
          {%- if add_generation_prompt %}<assistant:{% endif -%}\
          """);

  @TempDir Path folder;

  private static ExampleEncoder encoder(TextConfig config) {
    return new ExampleEncoder(LETTERS, Optional.of(CHAT), config);
  }

  private static ExampleEncoder chats() {
    return encoder(TextConfig.defaults());
  }

  private static ExampleEncoder plain() {
    return encoder(TextConfig.defaults().withForm(Form.PLAIN));
  }

  private static Row row(String json) {
    return new Row(JsonMapper.shared().readTree(json), "rows.jsonl:7", 6);
  }

  private static String learned(TokenizedExample document) {
    int[] tokens =
        IntStream.range(0, document.tokens().length)
            .filter(i -> document.lossMask()[i])
            .map(i -> document.tokens()[i])
            .toArray();
    return LETTERS.decode(tokens);
  }

  @Test
  void learnsTheTokensThatTheOriginalLibraryMasks() throws IOException {
    Path model = SharedFiles.model("smollm2-135m-instruct");
    try (var file = ExampleEncoderTest.class.getResourceAsStream("sft-masks.json");
        Tokenizer tokenizer = Tokenizer.load(model)) {
      JsonNode cases = JsonMapper.shared().readTree(Objects.requireNonNull(file).readAllBytes());
      ExampleEncoder encoder =
          new ExampleEncoder(
              tokenizer, Optional.of(ChatTemplate.load(model)), TextConfig.defaults());
      assertThat(cases.size()).isEqualTo(3);
      for (JsonNode expected : cases) {
        var row = JsonMapper.shared().createObjectNode().set("messages", expected.get("messages"));
        TokenizedExample document = encoder.document(new Row(row, "case", 0));
        assertThat(document.tokens()).containsExactly(ints(expected.get("ids")));
        int[] mask =
            IntStream.range(0, document.lossMask().length)
                .map(i -> document.lossMask()[i] ? 1 : 0)
                .toArray();
        assertThat(mask).containsExactly(ints(expected.get("mask")));
      }
    }
  }

  private static int[] ints(JsonNode array) {
    return array.valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  @Test
  void everyShapeOfRowLearnsTheAnswerAlone() {
    TokenizedExample asked = chats().document(row("{\"prompt\": \"hi\", \"completion\": \"yes\"}"));
    assertThat(LETTERS.decode(asked.tokens())).isEqualTo("<user:hi><assistant:yes>");
    assertThat(learned(asked)).isEqualTo("yes>");
    assertThat(asked.id()).isEqualTo("rows.jsonl:7");

    TokenizedExample plain = plain().document(row("{\"question\": \"hi\", \"answer\": \"yes\"}"));
    assertThat(plain.tokens()).endsWith(LETTERS.endId().orElseThrow());
    assertThat(learned(plain)).isEqualTo("yes" + LETTERS.decode(LETTERS.endId().orElseThrow()));
    assertThat(plain.tokens()).hasSize(6);
    assertThat(plain.numTargets()).isEqualTo(4);

    TokenizedExample text = chats().document(row("{\"text\": \"abc\"}"));
    assertThat(text.tokens()).hasSize(4);
    assertThat(text.numTargets()).isEqualTo(3);
  }

  @Test
  void everyTurnOfTheAssistantIsLearnedOrTheLastOrEverything() {
    Row row =
        row(
            """
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
                          {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}
            """);
    TextConfig config = TextConfig.defaults();
    assertThat(learned(encoder(config).document(row))).isEqualTo("b>d>");
    assertThat(learned(encoder(config.withLearned(Learned.LAST)).document(row))).isEqualTo("d>");
    assertThat(learned(encoder(config.withLearned(Learned.ALL)).document(row)))
        .isEqualTo("<user:a><assistant:b><user:c><assistant:d>");
  }

  @Test
  void turnsOfAPromptAreNotLearned() {
    Row row =
        row(
            """
            {"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
                        {"role": "user", "content": "c"}],
             "completion": [{"role": "assistant", "content": "d"}]}
            """);
    assertThat(learned(chats().document(row))).isEqualTo("d>");
  }

  @Test
  void toolsAndCallsReachTheTemplate() {
    Row row =
        row(
            """
            {"messages": [{"role": "user", "content": "a"},
                          {"role": "assistant", "content": null, "tool_calls": [{"name": "add"}]},
                          {"role": "tool", "content": "five"},
                          {"role": "assistant", "content": "it is five"}],
             "tools": "[{\\"name\\": \\"add\\"}]"}
            """);
    TokenizedExample document = chats().document(row);
    assertThat(LETTERS.decode(document.tokens()))
        .isEqualTo("<tools:add><user:a><assistant:<call:add>><tool:five><assistant:it is five>");
    assertThat(learned(document)).isEqualTo("<call:add>>it is five>");
  }

  @Test
  void longDocumentsAreRefusedOrCut() {
    Row row = row("{\"text\": \"abcdefghij\"}");
    TextConfig five = TextConfig.defaults().withMaxTokens(5);
    assertThatThrownBy(() -> encoder(five).document(row))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a document of 11 tokens exceeds text.maxTokens=5")
        .hasMessageContaining("text.tooLong=CUT");
    TokenizedExample cut = encoder(five.withTooLong(TooLong.CUT)).document(row);
    assertThat(LETTERS.decode(cut.tokens())).isEqualTo("abcde");
    Row asked = row("{\"prompt\": \"abcdefghij\", \"completion\": \"x\"}");
    TextConfig cutPlain = five.withTooLong(TooLong.CUT).withForm(Form.PLAIN);
    assertThatThrownBy(() -> encoder(cutPlain).document(asked))
        .hasMessageContaining("tokens to learn")
        .hasMessageContaining("rows.jsonl:7");
    assertThatThrownBy(() -> five.withMaxTokens(1)).hasMessageContaining("text.maxTokens");
  }

  @Test
  void badRowsAreNamedByFileAndLineOrSkippedAndCounted() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("rows.jsonl"),
            """
            {"prompt": "a", "completion": "b"}
            {"messages": [{"role": "user", "content": "nobody answers"}]}
            {"text": ""}
            {"text": "É"}
            {"messages": [{"role": "user", "content": {"a": 1}}, {"role": "assistant", "content": "x"}]}
            """);
    ExampleEncoder encoder =
        new ExampleEncoder(
            LETTERS,
            Optional.of(
                ChatTemplate.of(
                    "{% for m in messages %}{% if m.content is mapping %}{{ raise_exception('no maps') }}{% endif %}<{{ m.role }}:{{ m.content }}>{% endfor %}")),
            TextConfig.defaults());
    assertThatThrownBy(() -> DataFiles.load(DataSource.of(file), encoder::document, OnBadRow.FAIL))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("rows.jsonl:2: a document must have tokens to learn");
    var loaded = DataFiles.load(DataSource.of(file), encoder::document, OnBadRow.SKIP);
    assertThat(loaded.size()).isEqualTo(1);
    assertThat(loaded.skipped()).isEqualTo(4);
    assertThat(loaded.problems().get(1))
        .isEqualTo("rows.jsonl:3: a text to learn is not empty: length=0");
    assertThat(loaded.problems().get(2))
        .startsWith("rows.jsonl:4: text must be written in the alphabet");
    assertThat(loaded.problems().get(3))
        .contains("rows.jsonl:5: the chat template takes")
        .contains("no maps");
  }

  @Test
  void aChatNeedsATemplateAndABeginTokenATokenizerThatHasOne() {
    ExampleEncoder without =
        new ExampleEncoder(LETTERS, Optional.empty(), TextConfig.defaults().withBeginToken(true));
    assertThatThrownBy(() ->
            without.document(row("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}")))
        .hasMessageContaining("needs a model with a chat template");
    assertThat(LETTERS.beginId()).isEmpty();
    assertThatThrownBy(() -> without.document(row("{\"text\": \"a\"}")))
        .hasMessageContaining("text.beginToken");
  }

  /// As `tokenizer(text)` of transformers, to which TRL gives plain texts and no chats.
  @Test
  void aPlainTextBeginsAsTheTokenizerHasIt() throws IOException {
    try (Tokenizer framed = framed()) {
      int begin = framed.frame().before()[0];
      ExampleEncoder plain =
          new ExampleEncoder(framed, Optional.empty(), TextConfig.defaults().withForm(Form.PLAIN));
      int[] text = plain.document(row("{\"text\": \"ab\"}")).tokens();
      assertThat(text).startsWith(begin).endsWith(framed.endId().orElseThrow()).hasSize(4);
      assertThat(plain.document(row("{\"text\": \"<|pad|>ab<|end|>\"}")).tokens()).isEqualTo(text);
      TokenizedExample answered =
          plain.document(row("{\"prompt\": \"ab\", \"completion\": \"c\"}"));
      assertThat(answered.tokens()).startsWith(begin).hasSize(5);
      assertThat(answered.lossMask()).containsExactly(false, false, false, true, true);
      PreferencePair pair =
          plain.pair(row("{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}"));
      assertThat(pair.prompt()).startsWith(begin).hasSize(2);
      assertThat(pair.chosen()).hasSize(2).doesNotContain(begin);
      ExampleEncoder forced =
          new ExampleEncoder(
              framed,
              Optional.empty(),
              TextConfig.defaults().withForm(Form.PLAIN).withBeginToken(true));
      assertThat(forced.document(row("{\"text\": \"ab\"}")).tokens()).isEqualTo(text);

      ExampleEncoder chats = new ExampleEncoder(framed, Optional.of(CHAT), TextConfig.defaults());
      assertThat(
              chats
                  .document(
                      row(
                          "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}"))
                  .tokens())
          .doesNotContain(begin);
    }
  }

  /// The tokenizer of letters, which puts its padding before every text.
  private Tokenizer framed() throws IOException {
    LETTERS.save(folder);
    Path file = folder.resolve("tokenizer.json");
    var root = (ObjectNode) JsonMapper.shared().readTree(Files.readString(file));
    root.set(
        "post_processor",
        JsonMapper.shared()
            .readTree(
                """
                {"type": "TemplateProcessing",
                 "single": [{"SpecialToken": {"id": "<|pad|>", "type_id": 0}},
                            {"Sequence": {"id": "A", "type_id": 0}}],
                 "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                 "special_tokens": {"<|pad|>": {"id": "<|pad|>", "ids": [0], "tokens": ["<|pad|>"]}}}
                """));
    Files.writeString(file, root.toString());
    return Tokenizer.load(folder);
  }

  @Test
  void pairsShareTheirPromptAndDifferInTheirAnswers() {
    PreferencePair chat =
        chats().pair(row("{\"prompt\": \"hi\", \"chosen\": \"yes\", \"rejected\": \"no\"}"));
    assertThat(LETTERS.decode(chat.prompt())).isEqualTo("<user:hi><assistant:");
    assertThat(LETTERS.decode(chat.chosen())).isEqualTo("yes>");
    assertThat(LETTERS.decode(chat.rejected())).isEqualTo("no>");

    PreferencePair plain =
        plain().pair(row("{\"prompt\": \"hi\", \"chosen\": \"yes\", \"rejected\": \"no\"}"));
    assertThat(LETTERS.decode(plain.prompt())).isEqualTo("hi");
    assertThat(plain.chosen()).hasSize(4).endsWith(LETTERS.endId().orElseThrow());

    PreferencePair turns =
        chats()
            .pair(
                row(
                    """
                    {"chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                     "rejected": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "c"}]}
                    """));
    assertThat(LETTERS.decode(turns.prompt())).isEqualTo("<user:a><assistant:");
    assertThat(LETTERS.decode(turns.rejected())).isEqualTo("c>");
  }

  @Test
  void toolsOfAPairReachTheTemplate() {
    PreferencePair pair =
        chats()
            .pair(
                row(
                    """
                    {"prompt": [{"role": "user", "content": "a"}], "tools": [{"name": "add"}],
                     "chosen": [{"role": "assistant", "content": "", "tool_calls": [{"name": "add"}]}],
                     "rejected": [{"role": "assistant", "content": "no"}]}
                    """));
    assertThat(LETTERS.decode(pair.prompt())).isEqualTo("<tools:add><user:a><assistant:");
    assertThat(LETTERS.decode(pair.chosen())).isEqualTo("<call:add>>");
    assertThat(LETTERS.decode(pair.rejected())).isEqualTo("no>");
  }

  @Test
  void longPairsAreRefusedOrTheirAnswersCut() {
    Row row = row("{\"prompt\": \"abcd\", \"chosen\": \"xyzxyz\", \"rejected\": \"n\"}");
    TextConfig seven = TextConfig.defaults().withMaxTokens(7).withForm(Form.PLAIN);
    assertThatThrownBy(() -> encoder(seven).pair(row))
        .hasMessageContaining("a document of 11 tokens exceeds text.maxTokens=7");
    PreferencePair cut = encoder(seven.withTooLong(TooLong.CUT)).pair(row);
    assertThat(LETTERS.decode(cut.chosen())).isEqualTo("xyz");
    assertThat(cut.rejected()).hasSize(2);
    TextConfig four = seven.withMaxTokens(4).withTooLong(TooLong.CUT);
    assertThatThrownBy(() -> encoder(four).pair(row)).hasMessageContaining("two answers");
  }

  @Test
  void aTemplateThatWritesThePromptOtherwiseBeforeAnAnswerIsRefused() {
    ChatTemplate rewriting =
        ChatTemplate.of(
            "{{ messages | length }}{% for m in messages %}<{{ m.role }}:{{ m.content }}>{% endfor %}");
    ExampleEncoder encoder =
        new ExampleEncoder(LETTERS, Optional.of(rewriting), TextConfig.defaults());
    assertThatThrownBy(
            () -> encoder.pair(row("{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}")))
        .hasMessageContaining("goes on from a prompt");
  }

  @Test
  void equalRowsAreOnOneSideOfASplitAndStayThereWhenOthersCome() {
    List<TokenizedExample> documents =
        IntStream.range(0, 400)
            .mapToObj(i ->
                new TokenizedExample(
                    new int[] {i / 2, 1, i / 2 % 7}, new boolean[] {true, true, true}, "row " + i))
            .toList();
    Dataset<TokenizedExample> all = new Dataset<>(documents, 0, List.of());
    var split = all.split(0.1, 5, TokenizedExample::contentKey);
    assertThat(split.heldOut()).hasSize(40);
    var heldOut = split.heldOut().stream().map(TokenizedExample::contentKey).toList();
    assertThat(split.training()).noneMatch(d -> heldOut.contains(d.contentKey()));
    Dataset<TokenizedExample> fewer = new Dataset<>(documents.subList(0, 360), 0, List.of());
    assertThat(fewer.split(0.1, 5, TokenizedExample::contentKey).heldOut())
        .filteredOn(d -> !heldOut.contains(d.contentKey()))
        .hasSizeLessThan(8);
    assertThat(all.split(0.1, 6, TokenizedExample::contentKey).heldOut())
        .isNotEqualTo(split.heldOut());
    assertThat(fewer.split(1e-9, 5, TokenizedExample::contentKey).heldOut()).hasSize(2);
    assertThat(fewer.split(0, 5, TokenizedExample::contentKey).heldOut()).isEmpty();
    assertThatThrownBy(() ->
            new Dataset<>(documents.subList(0, 2), 0, List.of())
                .split(0.9, 1, TokenizedExample::contentKey))
        .hasMessageContaining("training=0");
  }

  @Test
  void anEpochReadsEachRowOnceInAnOrderOfItsOwn() {
    List<Map<String, Integer>> rows =
        IntStream.range(0, 10).mapToObj(i -> Map.of("row", i)).toList();
    var split = new Dataset<>(rows, 0, List.of()).split(0, 1);
    var first =
        java.util.stream.Stream.of(1, 2).flatMap(s -> split.batch(3, s, 5).stream()).toList();
    var second =
        java.util.stream.Stream.of(3, 4).flatMap(s -> split.batch(3, s, 5).stream()).toList();
    assertThat(first).containsExactlyInAnyOrderElementsOf(rows);
    assertThat(second).containsExactlyInAnyOrderElementsOf(rows).isNotEqualTo(first);
    assertThat(split.batch(3, 4, 5)).isEqualTo(second.subList(5, 10));
  }
}
