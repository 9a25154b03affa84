package dev.burnish.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/// The speakers of a row, and the turns of it that are learned.
class TurnsTest {
  private static final Tokenizer LETTERS =
      CharacterTokenizer.of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ <>():.,?!'/{}[]\"\n");
  private static final String PLAIN =
      """
      {%- for m in messages -%}<{{ m.role }}:{{ m.content }}>{%- endfor -%}
      {%- if add_generation_prompt %}<assistant:{% endif -%}\
      """;
  private static final String CALLING =
      PLAIN.replace(
          "{{ m.content }}",
          "{{ m.content }}{% for c in m.tool_calls or [] %}(call {{ c.function.name }} {{ c.function.arguments | tojson }}){% endfor %}");

  private static Row row(String json) {
    return new Row(JsonMapper.shared().readTree(json.replace('\'', '"')), "rows.jsonl:7", 6);
  }

  private static ExampleEncoder encoder(String template, TextConfig config) {
    return new ExampleEncoder(LETTERS, Optional.of(ChatTemplate.of(template)), config);
  }

  private static TokenizedExample document(String json) {
    return encoder(PLAIN, TextConfig.defaults()).document(row(json));
  }

  private static PreferencePair pair(String json) {
    return encoder(PLAIN, TextConfig.defaults()).pair(row(json));
  }

  private static String learned(TokenizedExample document) {
    return LETTERS.decode(
        IntStream.range(0, document.tokens().length)
            .filter(i -> document.lossMask()[i])
            .map(i -> document.tokens()[i])
            .toArray());
  }

  private static String all(TokenizedExample document) {
    return LETTERS.decode(document.tokens());
  }

  private static void isRefused(String json, String... words) {
    assertThatThrownBy(() -> document(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  private static void isRefusedAsPair(String json, String... words) {
    assertThatThrownBy(() -> pair(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gpt", "chatgpt", "bing", "bard", "model", "assistant", "GPT", "Assistant"})
  void whoeverAnswersIsTheAssistant(String from) {
    TokenizedExample shareGpt =
        document(
            "{'conversations': [{'from': 'human', 'value': 'hi'}, {'from': '%s', 'value': 'yes'}]}"
                .formatted(from));
    assertThat(all(shareGpt)).isEqualTo("<user:hi><assistant:yes>");
    assertThat(learned(shareGpt)).isEqualTo("yes>");
    TokenizedExample messages =
        document(
            "{'messages': [{'role': 'user', 'content': 'hi'}, {'role': '%s', 'content': 'yes'}]}"
                .formatted(from));
    assertThat(learned(messages)).isEqualTo("yes>");
  }

  @ParameterizedTest
  @CsvSource({
    "observation,tool",
    "function,tool",
    "function_response,tool",
    "tool,tool",
    "system,system",
    "human,user",
    "user,user",
    "developer,developer"
  })
  void whoeverElseSpeaksIsContext(String from, String role) {
    TokenizedExample document =
        document(
            "{'conversations': [{'from': '%s', 'value': 'a'}, {'from': 'gpt', 'value': 'b'}]}"
                .formatted(from));
    assertThat(all(document)).isEqualTo("<" + role + ":a><assistant:b>");
    assertThat(learned(document)).isEqualTo("b>");
  }

  @Test
  void anUnknownRoleIsNamed() {
    isRefused(
        "{'messages': [{'role': 'narrator', 'content': 'a'}, {'role': 'assistant', 'content': 'b'}]}",
        "role=narrator");
    isRefused("{'conversations': [{'from': 'alice', 'value': 'a'}]}", "role=alice");
    isRefused("{'messages': [{'role': 'user', 'text': 'a'}]}", "content", "[role, text]");
    isRefused("{'messages': [{'role': 'user', 'content': 5}]}", "content=5");
    isRefused(
        "{'messages': [{'role': 'user', 'content': 'a'}]}", "tokens to learn", "roles=[user]");
  }

  @Test
  void aCallIsTheAssistantsAndLearned() {
    String call =
        """
        {'conversations': [{'from': 'human', 'value': 'sum'},
         {'from': 'function_call', 'value': '{\\'name\\': \\'add\\', \\'arguments\\': {\\'a\\': 1}}'},
         {'from': 'observation', 'value': '3'}, {'from': 'gpt', 'value': 'three'}]}
        """;
    assertThat(learned(encoder(CALLING, TextConfig.defaults()).document(row(call))))
        .isEqualTo("(call add {\"a\": 1})>three>");
    assertThat(learned(document(call)))
        .isEqualTo("{\"name\":\"add\",\"arguments\":{\"a\":1}}>three>");
    TokenizedExample text =
        document(
            "{'conversations': [{'from': 'human', 'value': 'sum'}, {'from': 'function_call', 'value': 'add 1 2'}]}");
    assertThat(learned(text)).isEqualTo("add 1 2>");
  }

  @Test
  void theCallOfTheOlderFormIsWrittenToo() {
    String call =
        """
        {'messages': [{'role': 'user', 'content': 'sum'},
         {'role': 'assistant', 'content': '', 'function_call': {'name': 'add', 'arguments': {}}}]}
        """;
    assertThat(learned(encoder(CALLING, TextConfig.defaults()).document(row(call))))
        .isEqualTo("(call add {})>");
  }

  @ParameterizedTest
  @CsvSource({
    "weight,0,1",
    "weight,0.0,1.0",
    "weight,false,true",
    "train,false,true",
    "training,false,true",
    "loss,false,true",
    "loss_mask,0,1"
  })
  void aTurnThatIsNotToBeLearnedIsContext(String field, String no, String yes) {
    String json =
        "{'messages': [{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': 'bad', '%1$s': %2$s}, {'role': 'user', 'content': 'c'}, {'role': 'assistant', 'content': 'good', '%1$s': %3$s}]}"
            .formatted(field, no, yes);
    TokenizedExample document = document(json);
    assertThat(all(document)).isEqualTo("<user:a><assistant:bad><user:c><assistant:good>");
    assertThat(learned(document)).isEqualTo("good>");
    TextConfig everything = TextConfig.defaults().withLearned(TextConfig.Learned.ALL);
    assertThat(learned(encoder(PLAIN, everything).document(row(json))))
        .isEqualTo("<user:a><assistant:<user:c><assistant:good>");
  }

  @Test
  void theWeightOfShareGptCountsAndTheLastTurnMayBeContext() {
    String json =
        "{'conversations': [{'from': 'human', 'value': 'a'}, {'from': 'gpt', 'value': 'b'}, {'from': 'human', 'value': 'c', 'weight': 0}, {'from': 'gpt', 'value': 'd', 'weight': 0}]}";
    assertThat(learned(document(json))).isEqualTo("b>");
    TextConfig last = TextConfig.defaults().withLearned(TextConfig.Learned.LAST);
    assertThatThrownBy(() -> encoder(PLAIN, last).document(row(json)))
        .hasMessageContaining("tokens to learn");
  }

  @Test
  void whatIsLearnedInAnUnknownWayIsRefusedByName() {
    String turn = "{'messages': [{'role': 'assistant', 'content': 'a', %s}]}";
    isRefused(turn.formatted("'weight': 0.5"), "weight=0.5");
    isRefused(turn.formatted("'weight': 'low'"), "weight=low");
    isRefused(turn.formatted("'weight': 0"), "weight=0");
    isRefused(turn.formatted("'train_detail': []"), "train_detail");
    isRefused(turn.formatted("'loss_scale': 0.5"), "loss_scale");
    isRefused(turn.formatted("'weight': 1, 'train': false"), "train=false");
    isRefused(
        "{'messages': [{'role': 'user', 'content': 'a', 'train': true}, {'role': 'assistant', 'content': 'b'}]}",
        "role=user train=true");
    isRefused("{'prompt': 'a', 'completion': 'b', 'loss_mask': [0, 1]}", "loss_mask");
    isRefused("{'prompt': 'a', 'completion': 'b', 'label': false}", "label=false");
    assertThat(learned(document("{'prompt': 'a', 'completion': 'b', 'label': true}")))
        .isEqualTo("b>");
  }

  @Test
  void systemAndHistoryAreTurns() {
    TokenizedExample alpaca =
        document(
            "{'instruction': 'c', 'input': '', 'output': 'd', 'system': 's', 'history': [['a', 'b']]}");
    assertThat(all(alpaca)).isEqualTo("<system:s><user:a><assistant:b><user:c><assistant:d>");
    assertThat(learned(alpaca)).isEqualTo("b>d>");
    assertThat(all(document("{'prompt': 'c', 'response': 'd', 'system': ' ', 'history': []}")))
        .isEqualTo("<user:c><assistant:d>");
    assertThat(
            all(
                document(
                    "{'system': 's', 'messages': [{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': 'b'}]}")))
        .isEqualTo("<system:s><user:a><assistant:b>");
    assertThat(
            all(
                document(
                    "{'system': 's', 'conversations': [{'from': 'system', 'value': 't'}, {'from': 'gpt', 'value': 'b'}]}")))
        .isEqualTo("<system:t><assistant:b>");
    isRefused("{'prompt': 'a', 'completion': 'b', 'history': [['a']]}", "history");
  }

  @Test
  void partsOfTextAreOneText() {
    assertThat(
            all(
                document(
                    "{'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'a'}, {'type': 'text', 'text': 'b'}]}, {'role': 'assistant', 'content': 'c'}]}")))
        .isEqualTo("<user:ab><assistant:c>");
  }

  /// The answers of TRL 1.16, `extract_prompt`.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "H: hi A: good|H: hi A: bad|H: hi A:| good| bad",
        "H: hi A:good|H: hi A:bad|H: hi A:|good|bad",
        "H: hi A: good one|H: hi A: good two|H: hi A: good| one| two",
        "H: hi A:  good|H: hi A:  bad|H: hi A: | good| bad",
        "abc|abcd|ab|c|cd",
        "abcd|abc|ab|cd|c",
        "ab|ac|a|b|c",
        "x\uD83D\uDE42|x\uD83D\uDE43|x|\uD83D\uDE42|\uD83D\uDE43",
      })
  void textsWithoutAPromptPartWhereTheyDiffer(
      String chosen, String rejected, String prompt, String ofChosen, String ofRejected) {
    String json = "{'chosen': '%s', 'rejected': '%s'}".formatted(chosen, rejected);
    assertThat(PreferenceExample.of(row(json)))
        .isEqualTo(new PreferenceExample.Transcript(prompt, ofChosen, ofRejected));
  }

  @Test
  void aTranscriptIsEncodedAsItIs() {
    PreferencePair pair =
        pair("{'chosen': 'Human: hi Assistant: good', 'rejected': 'Human: hi Assistant: bad'}");
    assertThat(LETTERS.decode(pair.prompt())).isEqualTo("Human: hi Assistant:");
    assertThat(LETTERS.decode(pair.chosen())).startsWith(" good");
    assertThat(pair.rejected()).endsWith(LETTERS.endId().orElseThrow());
  }

  @Test
  void textsThatAreNoPairAreRefusedWithTheCause() {
    isRefusedAsPair("{'chosen': 'abc', 'rejected': 'xyz'}", "begin alike", "prompt");
    isRefusedAsPair("{'chosen': 'abc', 'rejected': 'abc'}", "differ");
    isRefusedAsPair("{'chosen': 'abc', 'rejected': ''}", "an answer is not empty: rejected");
    isRefusedAsPair(
        "{'prompt': 'a', 'chosen': '', 'rejected': 'b'}", "an answer is not empty: chosen");
  }

  private static void isPair(String json, String prompt, String chosen, String rejected) {
    PreferencePair pair = pair(json);
    assertThat(LETTERS.decode(pair.prompt())).isEqualTo(prompt);
    assertThat(LETTERS.decode(pair.chosen())).isEqualTo(chosen);
    assertThat(LETTERS.decode(pair.rejected())).isEqualTo(rejected);
  }

  @Test
  void aPromptThatTheAnswersRepeatIsThereOnce() {
    String user = "{'role': 'user', 'content': 'a'}";
    String good = "{'role': 'assistant', 'content': 'good'}";
    String bad = "{'role': 'assistant', 'content': 'bad'}";
    String rows = "{'prompt': %s, 'chosen': [%s], 'rejected': [%s]}";
    isPair(
        rows.formatted("[" + user + "]", user + ", " + good, user + ", " + bad),
        "<user:a><assistant:",
        "good>",
        "bad>");
    isPair(
        rows.formatted("'a'", user + ", " + good, user + ", " + bad),
        "<user:a><assistant:",
        "good>",
        "bad>");
    isPair(rows.formatted("'a'", good, bad), "<user:a><assistant:", "good>", "bad>");
    isPair(
        rows.formatted(
            "[{'role': 'system', 'content': 's'}, " + user + "]",
            user + ", " + good,
            user + ", " + bad),
        "<system:s><user:a><assistant:",
        "good>",
        "bad>");
    isRefusedAsPair(
        rows.formatted("[" + user + "]", user + ", " + good, bad),
        "repeat its prompt",
        "chosen does alone");
    isRefusedAsPair(rows.formatted("[" + user + "]", "", bad), "an answer is not empty: chosen");
    isRefusedAsPair(
        rows.formatted("[" + user + "]", good, "{'role': 'assistant', 'content': ''}"),
        "an answer is not empty: rejected");
    isRefusedAsPair(rows.formatted("[" + user + "]", good, good), "differ");
    isRefusedAsPair(
        rows.formatted("[" + user + "]", good.replace("}", ", 'weight': 0}"), bad), "weight=0");
  }

  @Test
  void oneAnswerMayBeginTheOther() {
    isPair(
        """
        {'chosen': [{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': 'b'},
                    {'role': 'user', 'content': 'c'}, {'role': 'assistant', 'content': 'd'}],
         'rejected': [{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': 'b'}]}
        """,
        "<user:a><assistant:",
        "b><user:c><assistant:d>",
        "b>");
  }

  @Test
  void aPromptHasOtherNamesAndWhatGoesBeforeIt() {
    isPair(
        "{'system': 's', 'question': 'a', 'chosen': 'good', 'rejected': 'bad'}",
        "<system:s><user:a><assistant:",
        "good>",
        "bad>");
    isPair(
        "{'instruction': 'c', 'input': '', 'history': [['a', 'b']], 'chosen': 'good', 'rejected': 'bad'}",
        "<user:a><assistant:b><user:c><assistant:",
        "good>",
        "bad>");
    isPair(
        "{'conversations': [{'from': 'human', 'value': 'a'}], 'chosen': {'from': 'gpt', 'value': 'good'}, 'rejected': {'from': 'gpt', 'value': 'bad'}}",
        "<user:a><assistant:",
        "good>",
        "bad>");
  }

  @Test
  void whatIsWrittenOnlyForAnAnswerToComeIsNoPartOfThePrompt() {
    String thinking = PLAIN.replace("<assistant:{% endif", "<assistant:<think>{% endif");
    PreferencePair pair =
        encoder(thinking, TextConfig.defaults())
            .pair(row("{'prompt': 'a', 'chosen': 'good', 'rejected': 'bad'}"));
    assertThat(LETTERS.decode(pair.prompt())).isEqualTo("<user:a><assistant:");
    assertThat(LETTERS.decode(pair.chosen())).isEqualTo("good>");
  }
}
