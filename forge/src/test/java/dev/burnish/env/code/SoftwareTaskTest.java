package dev.burnish.env.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.env.code.SoftwareTask.HiddenTest;
import dev.burnish.env.code.SoftwareTask.Result;
import dev.burnish.rollout.Environment.Action;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.FinishReason;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.SandboxSettings;
import dev.burnish.sandbox.Sandboxes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SoftwareTaskTest {
  private static final WorkTree TREE =
      WorkTree.of(
          Map.of(
              "add.py",
              "def add(a, b):\n    return a - b\n",
              "docs/README",
              "adds\n",
              "run.sh",
              "#!/bin/sh\necho runs\n"));
  private static final WorkTree CHECK =
      WorkTree.of(
          Map.of(
              "check.py",
              "import sys\nfrom add import add\nprint(add(*map(int, sys.argv[1:])))\n"));
  private static final SoftwareTask TASK =
      new SoftwareTask(
          "Mend add.",
          TREE,
          List.of(
              new HiddenTest("zero", CHECK, "python3 check.py 0 0", "0"),
              new HiddenTest("small", CHECK, "python3 check.py 2 3", "5"),
              new HiddenTest("large", CHECK, "python3 check.py 200 1", "201")),
          Limits.defaults());

  @SuppressWarnings("NullAway.Init")
  private static LocalCoder coder;

  @BeforeAll
  static void open() {
    coder = Sandboxes.open(() -> LocalCoder.open(SandboxSettings.defaults()));
  }

  @AfterAll
  static void close() {
    coder.close();
  }

  private static Workshop workshop() {
    return Workshop.of(coder);
  }

  private static Step say(SoftwareEnvironment environment, String text) {
    return environment.step(new Action(text, FinishReason.STOP, 0));
  }

  private static String shown(Step step) {
    return ((Step.Next) step).observation().turns().getFirst().content();
  }

  @Test
  void theFilesKeepWhatCommandsDidAndTestsCountTheRest() {
    SoftwareEnvironment environment = new SoftwareEnvironment(workshop(), TASK);
    assertThat(environment.reset(1).turns().getFirst().content())
        .contains("Mend add.", "add.py", "docs/README")
        .doesNotContain("check");
    assertThat(environment.truncated()).isEqualTo(1 / 3.0);
    assertThat(shown(say(environment, "Look:\n```sh\ncat add.py; ./run.sh; ls\n```\n")))
        .contains("return a - b", "runs", "docs", "[status 0]")
        .doesNotContain("check");
    assertThat(
            shown(
                say(
                    environment,
                    "sed -i 's/a - b/a + b/' add.py; rm docs/README; echo x > new; exit 3")))
        .endsWith("[status 3]");
    assertThat(environment.tree().paths()).containsExactly("add.py", "new", "run.sh");
    assertThat(say(environment, "submit")).isEqualTo(Step.over(1));
    Result result = workshop().judge(TASK, environment.tree());
    assertThat(result.passed()).isEqualTo(3);
    assertThat(result.difference())
        .contains("--- a/add.py", "+++ b/add.py", "-    return a - b", "+    return a + b")
        .contains("--- a/docs/README", "+++ /dev/null", "+++ b/new")
        .doesNotContain("run.sh", "check.py");
    assertThat(TREE.text("add.py")).contains("a - b");
  }

  /// A program that ends before its answer is compared, or that looks for the answer.
  @Test
  void aProgramThatOnlyExitsPassesNothing() {
    WorkTree cheat =
        workshop().run(TREE, "echo 'import os; os._exit(0)' > add.py", Limits.defaults()).tree();
    Result result = workshop().judge(TASK, cheat);
    assertThat(result.passed()).isZero();
    assertThat(result.failed()).containsExactly("zero", "small", "large");
    WorkTree search =
        workshop()
            .run(
                TREE,
                "printf 'import subprocess\\ndef add(a, b):\\n    return subprocess.getoutput(\"grep -rl $((200+1)) /tmp 2>/dev/null\") or a + b\\n' > add.py",
                Limits.defaults())
            .tree();
    assertThat(workshop().judge(TASK, search).passed()).isEqualTo(3); // it found nothing and added
  }

  @Test
  void aCommandThatIsKilledChangesNothingAndSaysSo() {
    Workshop.Done done =
        workshop().run(TREE, "echo x > add.py; sleep 100", Limits.defaults().withSeconds(1));
    assertThat(done.output()).contains("timed out");
    assertThat(done.status()).isEqualTo(124);
    assertThat(done.tree()).isEqualTo(TREE);
  }

  @Test
  void ofALongOutputTheEndIsShown() {
    Workshop brief = new Workshop(coder, 20);
    assertThat(brief.run(TREE, "seq 1000", Limits.defaults()).output())
        .hasSize(20)
        .endsWith("999\n1000\n");
  }

  @Test
  void aTaskMayBeAFolder(@TempDir Path folder) throws Exception {
    Files.createDirectories(folder.resolve("a/b"));
    Files.writeString(folder.resolve("a/b/c.txt"), "text");
    Files.createSymbolicLink(folder.resolve("link"), Path.of("/etc/passwd"));
    WorkTree tree = WorkTree.ofFolder(folder);
    assertThat(tree.paths()).containsExactly("a/b/c.txt");
    assertThat(tree.text("a/b/c.txt")).isEqualTo("text");
    assertThat(workshop().run(tree, "cat a/b/c.txt", Limits.defaults()).output()).isEqualTo("text");
  }

  @Test
  void filesOutsideTheirTreeAndTasksWithoutTestsAreRefused() {
    assertThatThrownBy(() -> WorkTree.of(Map.of("../x", "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("path=../x");
    assertThatThrownBy(() -> new SoftwareTask("", TREE, List.of(), Limits.defaults()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
