package dev.burnish.env.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Sandboxes;
import dev.burnish.tools.Tool;
import dev.burnish.tools.ToolUnavailable;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PythonTest {
  private static SandboxedCoder ending(String stdout, String stderr, Ending ending) {
    return (_, _) -> new Execution(stdout, stderr, ending, 0, 0, 0);
  }

  private static String told(String stdout, String stderr, Ending ending) {
    return Python.in(ending(stdout, stderr, ending), Limits.defaults()).python("");
  }

  @Test
  void aModelReadsWhatWasPrintedAndHowItEnded() {
    assertThat(told("42\n", "", new Ending.Exited(0))).isEqualTo("42\n");
    assertThat(told("", "", new Ending.Exited(0))).isEqualTo("[it printed nothing]");
    assertThat(told("4", "NameError: x\n", new Ending.Exited(1)))
        .isEqualTo("4\nNameError: x\n[exited with 1]");
    assertThat(told("", "", new Ending.TimedOut(Ending.TimedOut.Clock.WALL)))
        .isEqualTo("[timed out]");
    assertThat(told("", "", new Ending.OutOfMemory())).isEqualTo("[out of memory]");
  }

  @Test
  void aSandboxThatIsLostIsTriedAgainAndThenMasksTheEpisode() {
    AtomicInteger tries = new AtomicInteger();
    SandboxedCoder lost =
        (_, _) -> {
          tries.incrementAndGet();
          return new Execution("", "", new Ending.Lost("no more processes"), 0, 0, 0);
        };
    assertThatThrownBy(() -> Python.in(lost, Limits.defaults()).python(""))
        .isInstanceOf(ToolUnavailable.class)
        .hasMessageContaining("no more processes");
    assertThat(tries).hasValue(3);
  }

  @Test
  void programsRunInTheSandbox() throws Exception {
    try (UnitTestReward sandbox = Sandboxes.open(UnitTestReward::open)) {
      Tool python =
          Python.tools(sandbox.coder(), Limits.defaults().withSeconds(5)).tools().getFirst();
      assertThat(python.call("{\"code\": \"print(6 * 7)\"}")).isEqualTo("42\n");
      assertThat(python.call("{\"code\": \"1 / 0\"}"))
          .contains("ZeroDivisionError")
          .endsWith("[exited with 1]");
    }
  }
}
