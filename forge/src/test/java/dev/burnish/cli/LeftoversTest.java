package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
  private final Instant later = Instant.now().plus(Duration.ofHours(1));

  @TempDir Path folder;

  private static OpenFiles process(boolean orphan, List<String> paths, Map<String, Long> regions) {
    return new OpenFiles(42, orphan, paths, regions);
  }

  @Test
  void filesThatNoProcessUsesAreNamedWithTheirCure() throws IOException {
    Path sandbox = Files.createDirectory(folder.resolve("burnish-sandbox-1-2"));
    Path spilled = Files.createFile(folder.resolve("burnish-spill-3.tmp"));
    Path other = Files.createFile(folder.resolve("of-somebody-else"));
    Finding finding = Leftovers.files(folder, List.of(), later);
    assertThat(finding.value()).startsWith("2: ");
    assertThat(finding.advice())
        .isEqualTo("no process uses them; remove them by: rm -r %s %s".formatted(sandbox, spilled));
    assertThat(other).exists();
    assertThat(Leftovers.files(folder, List.of(), Instant.now()).verdict())
        .as("young ones may be about to be used")
        .isEqualTo(Finding.Verdict.GOOD);
  }

  @Test
  void filesThatAProcessUsesAreNone() throws IOException {
    Path sandbox = Files.createDirectory(folder.resolve("burnish-sandbox-1-2"));
    OpenFiles user = process(false, List.of(sandbox + "/socket"), Map.of());
    assertThat(Leftovers.files(folder, List.of(user), later).verdict())
        .isEqualTo(Finding.Verdict.GOOD);
    OpenFiles neighbour = process(false, List.of(sandbox + "34"), Map.of());
    assertThat(Leftovers.files(folder, List.of(neighbour), later).verdict())
        .isEqualTo(Finding.Verdict.LACKING);
  }

  @Test
  void memoryIsLeftOnlyWithProcessesWhoseStarterIsGone() {
    Map<String, Long> regions = Map.of("/memfd:burnish-region-1 (deleted)", 3L << 20);
    assertThat(Leftovers.memory(List.of(process(false, List.of(), regions))).verdict())
        .isEqualTo(Finding.Verdict.GOOD);
    assertThat(Leftovers.memory(List.of(process(true, List.of(), Map.of()))).verdict())
        .isEqualTo(Finding.Verdict.GOOD);
    Finding finding = Leftovers.memory(List.of(process(true, List.of(), regions)));
    assertThat(finding.value()).isEqualTo("3 MiB by process 42");
    assertThat(finding.advice()).endsWith("kill 42");
  }

  @Test
  void jobsThatWereKilledAreCounted() {
    assertThat(Leftovers.jobs(List.of()).value()).isEqualTo("none");
    Finding finding = Leftovers.jobs(List.of(folder.resolve("grpo-17")));
    assertThat(finding.value()).isEqualTo("1: " + folder.resolve("grpo-17"));
    assertThat(finding.advice()).contains("./burnish ps");
  }

  @Test
  void processesOfThisHostAreSeen() throws IOException {
    Process sleeper = new ProcessBuilder("sleep", "60").directory(folder.toFile()).start();
    try {
      assertThat(OpenFiles.all())
          .filteredOn(each -> each.pid() == sleeper.pid())
          .singleElement()
          .satisfies(each -> {
            assertThat(each.isOrphan()).isFalse();
            assertThat(each.uses(folder.toRealPath())).isTrue();
          });
    } finally {
      sleeper.destroyForcibly();
    }
  }
}
