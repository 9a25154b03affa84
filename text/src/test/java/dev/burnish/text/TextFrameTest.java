package dev.burnish.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// Expected ids are those of `tokenizer(text)` of transformers 5.24.
class TextFrameTest {
  private static final String TEMPLATE =
      """
      {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}%s],
       "pair": [],
       "special_tokens": {"<s>": {"id": "<s>", "ids": [259], "tokens": ["<s>"]},
                          "</s>": {"id": "</s>", "ids": [258], "tokens": ["</s>"]}}}\
      """;
  private static final String END = ", {\"SpecialToken\": {\"id\": \"</s>\", \"type_id\": 0}}";
  private static final String BYTES = "{\"type\": \"ByteLevel\", \"trim_offsets\": false}";

  private static int[] around(String postProcessor, int... ids) {
    return TextFrame.of(JsonMapper.shared().readTree(postProcessor)).around(ids);
  }

  @Test
  void aTemplatePutsItsTokensAroundAText() {
    assertThat(around(TEMPLATE.formatted(""), 104, 105)).containsExactly(259, 104, 105);
    assertThat(around(TEMPLATE.formatted(END), 104, 105)).containsExactly(259, 104, 105, 258);
    assertThat(around(TEMPLATE.formatted(END))).containsExactly(259, 258);
  }

  @Test
  void aSequenceOfStepsIsReadToItsEnd() {
    String steps = "{\"type\": \"Sequence\", \"processors\": [%s, %s]}";
    assertThat(around(steps.formatted(BYTES, TEMPLATE.formatted("")), 104))
        .containsExactly(259, 104);
    assertThat(
            around(
                steps.formatted(
                    TEMPLATE.formatted(""),
                    "{\"type\": \"BertProcessing\", \"cls\": [\"c\", 7], \"sep\": [\"p\", 8]}"),
                104))
        .containsExactly(7, 259, 104, 8);
  }

  @Test
  void otherKindsPutNoneOrTheirPair() {
    assertThat(around("null", 104)).containsExactly(104);
    assertThat(around(BYTES, 104)).containsExactly(104);
    assertThat(
            around(
                "{\"type\": \"RobertaProcessing\", \"cls\": [\"c\", 7], \"sep\": [\"p\", 8]}", 104))
        .containsExactly(7, 104, 8);
  }

  @Test
  void whatIsWrittenOutIsNotPutTwice() {
    assertThat(around(TEMPLATE.formatted(END), 259, 104, 258)).containsExactly(259, 104, 258);
  }

  @Test
  void whatIsNotKnownIsRefused() {
    for (String wrong :
        new String[] {
          "{\"type\": \"Surprise\"}",
          "{\"type\": \"TemplateProcessing\", \"single\": []}",
          "{\"type\": \"BertProcessing\", \"cls\": 3}",
          TEMPLATE.formatted("").replace("\"ids\": [259]", "\"ids\": [\"a\"]")
        }) {
      assertThatThrownBy(() -> around(wrong, 1))
          .as(wrong)
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("post_processor");
    }
  }
}
