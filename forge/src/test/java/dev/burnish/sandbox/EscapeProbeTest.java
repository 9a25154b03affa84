package dev.burnish.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.sandbox.EscapeProbe.Attempt;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Whether the probe is believed only if it came to its end, and no attempt got through.
class EscapeProbeTest {
  private static Execution said(String stdout, Ending ending) {
    return new Execution(stdout, "", ending, 0.001, 0.001, 0);
  }

  @Test
  void refusesASandboxFromWhichOneAttemptGotOut() {
    List<Attempt> attempts =
        EscapeProbe.attempts(
                said(
                    "blocked mount Operation not permitted\nESCAPED read_etc read 64 bytes\ndone 2\n",
                    new Ending.Exited(0)))
            .toList();
    assertThat(attempts.getFirst())
        .isEqualTo(new Attempt("mount", true, "Operation not permitted"));
    assertThatThrownBy(() -> EscapeProbe.check(attempts))
        .isInstanceOf(SandboxUnavailable.class)
        .hasMessageContaining("blocked=1 of 2")
        .hasMessageContaining("read_etc (read 64 bytes)");
  }

  @Test
  void doesNotBelieveAProbeThatEndedEarly() {
    Ending exited = new Ending.Exited(0);
    for (Execution half :
        List.of(
            said("", exited),
            said("done 0\n", exited),
            said("blocked a b\n", exited),
            said("blocked a b\ndone 2\n", exited),
            said("blocked a b\ndone 1\n", new Ending.Killed(9)))) {
      assertThatThrownBy(() -> EscapeProbe.attempts(half))
          .isInstanceOf(SandboxUnavailable.class)
          .hasMessageContaining("must end by itself");
    }
  }

  @Test
  void blocksEveryAttempt() {
    try (CodeSandbox sandbox = Sandboxes.open(SandboxSettings.defaults())) {
      List<Attempt> attempts = EscapeProbe.run(sandbox);
      assertThat(attempts).hasSizeGreaterThan(200).allMatch(Attempt::blocked);
      EscapeProbe.check(attempts);
    }
  }

  /// Shows that the probe can see an escape: in a process without a sandbox many attempts succeed.
  @Test
  void seesEscapesWhereThereIsNoSandbox() {
    String harmless =
        ServerFolder.text("escape_probe.py")
            .replace(
                "for name, action in attempts:",
                "for name, action in [a for a in attempts if a[0].startswith('see_') or a[0].startswith('socket_inet') or a[0] == 'read_etc_hosts']:");
    try (CodeSandbox none =
        CodeSandbox.open(
            SandboxSettings.defaults().withIsolation(SandboxSettings.Isolation.NONE))) {
      Execution execution = none.execute(Program.python(harmless), Limits.defaults());
      assertThat(execution.stdout())
          .contains("ESCAPED see_folders_of_the_host")
          .contains("ESCAPED see_settings_of_the_host")
          .contains("ESCAPED see_other_processes")
          .contains("ESCAPED socket_inet ");
    }
  }
}
