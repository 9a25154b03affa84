package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiagnosisTest {
  @Test
  void looksAtEverything() {
    assertThat(Diagnosis.all())
        .extracting(Finding::name)
        .contains(
            "jdk",
            "cpu",
            "cpu features",
            "memory",
            "OMP_WAIT_POLICY",
            "libtorch",
            "vector width",
            "shared memory",
            "huge pages",
            "open files",
            "disk",
            "gpu",
            "bwrap",
            "setpriv",
            "user namespaces",
            "leftover jobs",
            "leftover files",
            "leftover memory");
    assertThat(Diagnosis.all())
        .as("each fault has a cure")
        .allMatch(each -> each.verdict() == Finding.Verdict.GOOD || !each.advice().isEmpty());
  }

  @Test
  void aSettingThatIsNotInForceComesWithItsValue() {
    assertThat(
            Diagnosis.settings(
                Map.of("OMP_WAIT_POLICY", "(not set)"), Map.of("OMP_WAIT_POLICY", "PASSIVE")))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.verdict()).isEqualTo(Finding.Verdict.LACKING);
          assertThat(finding.advice()).contains("./burnish", "PASSIVE");
        });
  }

  @Test
  void whatIsMissingComesWithAdvice(@TempDir Path folder) throws IOException {
    assertThat(Diagnosis.jdk(21).verdict()).isEqualTo(Finding.Verdict.BROKEN);
    assertThat(Diagnosis.jdk(25).verdict()).isEqualTo(Finding.Verdict.GOOD);
    assertThat(Diagnosis.memory(1L << 30).advice()).isNotEmpty();
    assertThat(Diagnosis.sharedMemory(folder.resolve("none")).advice()).contains("--shm-size");
    assertThat(Diagnosis.vectors(128).advice()).contains("256");
    assertThat(Diagnosis.vectors(512).verdict()).isEqualTo(Finding.Verdict.GOOD);
    assertThat(Diagnosis.hugePages("5.15.0-91-generic").advice()).contains("6.1");
    assertThat(Diagnosis.hugePages("6.1.0-cloud").verdict()).isEqualTo(Finding.Verdict.GOOD);
    assertThat(Diagnosis.hugePages("15.3").verdict()).isEqualTo(Finding.Verdict.GOOD);
    Path limits = folder.resolve("limits");
    Files.writeString(limits, "Max open files            1024                 4096   files\n");
    assertThat(Diagnosis.openFiles(limits).value()).isEqualTo("at most 1024");
    assertThat(Diagnosis.openFiles(limits).advice()).contains("ulimit -n");
    assertThat(Diagnosis.openFiles(folder.resolve("none")).verdict())
        .isEqualTo(Finding.Verdict.GOOD);
    assertThat(Diagnosis.onPath("sh")).isTrue();
    assertThat(Diagnosis.onPath("no-such-program")).isFalse();
  }
}
