package dev.burnish.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.sandbox.SandboxSettings.Isolation;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Programs without isolation, by the shell, which every machine of the suite has.
@Timeout(60)
class UnprotectedProgramsTest {
  private final CodeSandbox programs =
      CodeSandbox.open(SandboxSettings.defaults().withIsolation(Isolation.NONE));

  @AfterEach
  void close() {
    programs.close();
  }

  private Execution shell(String code, String stdin, Limits limits) {
    return programs.execute(new Program(Language.SHELL, code, stdin), limits);
  }

  @Test
  void givesInputAndKeepsBothOutputsAndTheStatus() {
    Execution execution =
        shell("read a; echo $a$a; echo no >&2; exit 3", "hi\n", Limits.defaults());
    assertThat(execution.stdout()).isEqualTo("hihi\n");
    assertThat(execution.stderr()).isEqualTo("no\n");
    assertThat(execution.ending()).isEqualTo(new Ending.Exited(3));
  }

  @Test
  void killsAProgramAndItsChildrenAtTheLimit() {
    Limits limits = Limits.defaults().withSeconds(0.3);
    Execution execution = shell("sleep 100 & sleep 100", "", limits);
    assertThat(execution.ending()).isInstanceOf(Ending.TimedOut.class);
    assertThat(execution.seconds()).isLessThan(10.0);
  }

  @Test
  void endsAProgramThatPrintsTooMuch() {
    Execution execution =
        shell("while :; do echo xxxxxxxxxx; done", "", Limits.defaults().withOutputBytes(1000));
    assertThat(execution.ending()).isEqualTo(new Ending.OutputTooLong());
    assertThat(execution.stdout()).hasSize(1000);
  }

  @Test
  void saysWhichSignalKilledAProgram() {
    assertThat(shell("kill -TERM $$", "", Limits.defaults()).ending())
        .isEqualTo(new Ending.Killed(15));
  }

  @Test
  void killsAProgramWhoseCallerIsInterrupted() throws Exception {
    FutureTask<Execution> task = new FutureTask<>(() -> shell("sleep 100", "", Limits.defaults()));
    Thread thread = Thread.ofVirtual().start(task);
    thread.interrupt();
    Assertions.assertThatThrownBy(task::get).hasCauseInstanceOf(CancellationException.class);
  }
}
