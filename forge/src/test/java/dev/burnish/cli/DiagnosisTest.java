package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
            "shared memory",
            "disk",
            "gpu",
            "bwrap",
            "setpriv",
            "user namespaces");
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
  void whatIsMissingComesWithAdvice(@TempDir Path folder) {
    assertThat(Diagnosis.jdk(21).verdict()).isEqualTo(Finding.Verdict.BROKEN);
    assertThat(Diagnosis.jdk(25).verdict()).isEqualTo(Finding.Verdict.GOOD);
    assertThat(Diagnosis.memory(1L << 30).advice()).isNotEmpty();
    assertThat(Diagnosis.sharedMemory(folder.resolve("none")).advice()).contains("--shm-size");
    assertThat(Diagnosis.onPath("sh")).isTrue();
    assertThat(Diagnosis.onPath("no-such-program")).isFalse();
  }
}
