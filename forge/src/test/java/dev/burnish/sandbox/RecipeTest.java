package dev.burnish.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Limits and commands that a keeper is given, and the reading of what it answers.
class RecipeTest {
  static final HostPrograms PROGRAMS =
      new HostPrograms(
          Path.of("/usr/bin/bwrap"),
          Path.of("/usr/bin/python3"),
          Optional.of(Path.of("/usr/bin/setpriv")),
          Path.of("/usr/bin/bash"),
          Path.of(System.getProperty("java.home")));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PYTHON | exited | 0 | 0 | '' | exited with 0",
        "PYTHON | exited | 3 | 0 | '' | exited with 3",
        "PYTHON | exited | 0 | 0 | MemoryError | exited with 0",
        "PYTHON | exited | 1 | 0 | 'Traceback\nMemoryError\n' | out of memory",
        "PYTHON | exited | 1 | 0 | 'MemoryError\nValueError: x' | exited with 1",
        "JAVA | exited | 3 | 0 | 'java.lang.OutOfMemoryError: heap' | out of memory",
        "SHELL | exited | 2 | 0 | 'sh: fork: Cannot allocate memory' | out of memory",
        "SHELL | exited | 0 | 9 | '' | killed by signal 9",
        "SHELL | exited | 0 | 24 | '' | timed out: no processor time is left",
        "SHELL | wall | 0 | 9 | '' | timed out",
        "SHELL | cpu | 0 | 9 | '' | timed out: no processor time is left",
        "SHELL | memory | 0 | 9 | '' | out of memory",
        "SHELL | output | 0 | 0 | '' | its output was too long",
        "SHELL | tired | 0 | 0 | '' | the sandbox was lost: its keeper gave no reason that is known: reason=tired",
      })
  void readsHowAProgramEnded(
      Language language, String reason, int exit, int signal, String stderr, String expected) {
    assertThat(Recipe.ending(language, reason, exit, signal, stderr).describe())
        .isEqualTo(expected);
  }

  @Test
  void givesAJvmNoLimitOnAddressesAndOthersOne() {
    Recipe recipe = new Recipe(PROGRAMS);
    Limits limits = Limits.defaults();
    assertThat(recipe.job(new Program(Language.JAVA, "", ""), limits))
        .containsEntry("addressMegabytes", 0)
        .containsEntry("file", "Main.java");
    assertThat(recipe.job(new Program(Language.SHELL, "", ""), limits))
        .containsEntry("addressMegabytes", 512)
        .containsEntry("command", List.of("/usr/bin/bash", "/tmp/main.sh"))
        .containsEntry("wallSeconds", 10.0);
  }

  @Test
  void refusesLimitsThatNoProgramCouldKeep() {
    Limits limits = Limits.defaults();
    assertThatThrownBy(() -> limits.withSeconds(0)).hasMessageContaining("seconds=0.0");
    assertThatThrownBy(() -> limits.withSeconds(2e5)).hasMessageContaining("at most 86400");
    assertThatThrownBy(() -> limits.withMegabytes(0)).hasMessageContaining("megabytes=0");
    assertThatThrownBy(() -> limits.withProcesses(-1)).hasMessageContaining("processes=-1");
    assertThatThrownBy(() -> limits.withOutputBytes(0)).hasMessageContaining("outputBytes=0");
    assertThatThrownBy(() -> limits.withFileBytes(5)).hasMessageContaining("fileBytes=5");
  }

  @ParameterizedTest
  @CsvSource({"a.py, PYTHON", "x/Y.JAVA, JAVA", "run.sh, SHELL"})
  void knowsLanguagesByExtension(String file, Language language) {
    assertThat(Language.ofFile(file)).contains(language);
    assertThat(Language.ofFile("notes.txt")).isEmpty();
    assertThat(Language.ofFile("py")).isEmpty();
  }

  @Test
  void dropsTheRightsOfRootBeforeAnythingElse() {
    List<String> command = new Bubblewrap(PROGRAMS).command(Path.of("/folder"), 58_001);
    assertThat(command)
        .startsWith("/usr/bin/setpriv", "--reuid=58001", "--regid=58001", "--clear-groups")
        .containsSubsequence("/usr/bin/bwrap", "--unshare-user", "--unshare-all", "--clearenv")
        .containsSubsequence("--remount-ro", "/", "--", "/usr/bin/python3")
        .doesNotContain("--bind", "--share-net", "/home", "/etc", "/sys", "/var", "/run");
    HostPrograms ofUser =
        new HostPrograms(
            PROGRAMS.bubblewrap(),
            PROGRAMS.python(),
            Optional.empty(),
            PROGRAMS.shell(),
            PROGRAMS.java());
    assertThat(new Bubblewrap(ofUser).command(Path.of("/folder"), 0)).startsWith("/usr/bin/bwrap");
  }
}
