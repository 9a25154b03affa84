package dev.burnish.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.tools.ToolAttempt.Call;
import dev.burnish.tools.ToolAttempt.Malformed;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AttemptsTest {
  private static final Call CALL = new Call(new ToolCall("f", "{\"a\": 1}"));
  private static final String OBJECT = "{\"name\": \"f\", \"arguments\": {\"a\": 1}}";

  private static List<String> reasons(ToolFormat format, String answer) {
    return format.attempts(answer).stream()
        .filter(Malformed.class::isInstance)
        .map(malformed -> ((Malformed) malformed).reason())
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void callsAreAttemptsAndTextIsNone(ToolFormat format) {
    assertThat(format.attempts("The answer is 4.")).isEmpty();
    assertThat(format.attempts("")).isEmpty();
    assertThat(format.attempts("It is {1, 2} or [3].")).isEmpty();
    assertThat(format.attempts(format.render(List.of(CALL.call(), CALL.call()))))
        .containsExactly(CALL, CALL);
  }

  @Test
  void eachCallThatIsMalformedIsToldWithItsReason() {
    assertThat(
            reasons(
                ToolFormat.HERMES,
                "<tool_call>{\"name\": \"f\", <tool_call>{\"name\": \"f\"}</tool_call> <tool_call>go <tool_call>"
                    + "{\"name\": 3, \"arguments\": {}}<tool_call>{'name': 'f'}"))
        .containsExactly(
            "the JSON object is not closed",
            "\"arguments\" must be an object",
            "a JSON object must follow, and there is go",
            "\"name\" must be the name of a tool",
            "the JSON breaks after {'");
    assertThat(reasons(ToolFormat.HERMES, "<tool_call>"))
        .containsExactly("a JSON object must follow, and there is nothing");
  }

  @Test
  void aMalformedCallNextToOthersIsNotLost() {
    String call = "<tool_call>" + OBJECT + "</tool_call>";
    assertThat(ToolFormat.HERMES.attempts(call + "<tool_call>{}</tool_call>" + call))
        .containsExactly(CALL, new Malformed("\"name\" must be the name of a tool"), CALL);
    assertThat(ToolFormat.HERMES.attempts("<tool_call>" + OBJECT + "{\"name\"</tool_call>"))
        .containsExactly(CALL, new Malformed("the JSON breaks after {\"name\"<"));
    assertThat(ToolFormat.MISTRAL.attempts("[TOOL_CALLS][" + OBJECT + ", {\"name\": \"g\"}]"))
        .containsExactly(CALL, new Malformed("\"arguments\" must be an object"));
  }

  @Test
  void aCallWithoutItsMarksAndMarksWithoutACallAreTold() {
    assertThat(reasons(ToolFormat.HERMES, OBJECT))
        .containsExactly("a call must begin with <tool_call>");
    assertThat(reasons(ToolFormat.HERMES, "x</tool_call>"))
        .containsExactly("</tool_call> must follow a call");
    assertThat(reasons(ToolFormat.JSON, "{\"name\": \"f\", \"arguments\": 3}"))
        .containsExactly("\"arguments\" must be an object");
    assertThat(reasons(ToolFormat.LLAMA3, "[{\"name\"")).isEmpty();
    assertThat(reasons(ToolFormat.LLAMA3, "{\"name\""))
        .containsExactly("the JSON object is not closed");
    assertThat(reasons(ToolFormat.MISTRAL, "[{\"name\""))
        .containsExactly("the JSON object is not closed");
  }

  @ParameterizedTest
  @EnumSource
  void hostileTextIsReadInTime(ToolFormat format) {
    for (String part :
        List.of("<tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "{", "[", "{\"a\":")) {
      format.attempts(part.repeat(5_000));
    }
  }
}
