package dev.burnish.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.TokenVersions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// The parts of a completion that are printed.
class GenerateOutputTest {
  private static final String HOSTILE = "a\u001b[2J\u009b1m\u202eb\nc\td";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, UTF_8);

  private String printed(Completions.Output output) {
    output.text(0, HOSTILE);
    int[] tokens = {7};
    output.finished(
        0,
        new Completion(tokens, new float[1], TokenVersions.of(0, 1), HOSTILE, FinishReason.STOP));
    return bytes.toString(UTF_8);
  }

  @Test
  void aTerminalGetsNoControlCharacters() {
    UnaryOperator<String> shown = TerminalText::cleanLines;
    assertThat(printed(new GenerateCommand.Streaming(out, shown))).isEqualTo("a�[2J�1m�b\nc\td\n");
    bytes.reset();
    assertThat(printed(new GenerateCommand.Whole(out, false, shown)))
        .isEqualTo("[0] a�[2J�1m�b\nc\td\n");
  }

  @Test
  void aFileGetsTheTextAsItIs() {
    UnaryOperator<String> shown = UnaryOperator.identity();
    assertThat(printed(new GenerateCommand.Streaming(out, shown))).isEqualTo(HOSTILE + "\n");
  }

  @Test
  void jsonInATerminalKeepsItsValue() {
    String json = printed(new GenerateCommand.Whole(out, true, TerminalText::escaped));
    assertThat(TerminalText.cleanLines(json)).isEqualTo(json);
    assertThat(JsonMapper.shared().readTree(json).get("text").asString()).isEqualTo(HOSTILE);
  }
}
