package dev.burnish.observe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.host.JvmCommand;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RunDirectoryTest {
  @TempDir private Path folder;

  @Test
  void runsOfTheSameSecondGetFoldersOfTheirOwn() {
    InstantSource clock = InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z"));
    try (RunDirectory first = RunDirectory.create(folder, "demo", clock);
        RunDirectory second = RunDirectory.create(folder, "demo", clock)) {
      assertThat(first.id()).matches("demo-\\d{8}-\\d{6}");
      assertThat(second.id()).isEqualTo(first.id() + "-2");
    }
  }

  @Test
  void refusesASecondRunInTheSameFolder() {
    try (RunDirectory run = RunDirectory.open(folder.resolve("run"))) {
      assertThatThrownBy(() -> RunDirectory.open(run.path()))
          .isInstanceOf(FolderInUse.class)
          .hasMessageContaining("process=" + ProcessHandle.current().pid())
          .hasMessageContaining(run.path().toString());
    }
    RunDirectory.open(folder.resolve("run")).close();
  }

  @Test
  void refusesTheFolderOfAnotherProcessUntilThatIsKilled() throws Exception {
    Path run = folder.resolve("run");
    Process owner =
        new ProcessBuilder(
                JvmCommand.of(Owner.class).withArguments(List.of(run.toString())).words())
            .start();
    assertThat(owner.inputReader().readLine()).isEqualTo("owned");
    assertThatThrownBy(() -> RunDirectory.open(run))
        .isInstanceOf(FolderInUse.class)
        .hasMessageContaining("process=" + owner.pid());
    owner.destroyForcibly().waitFor();
    RunDirectory.open(run).close();
  }

  @Test
  void aFileIsReplacedWholeOrNotAtAll() throws Exception {
    Path place = folder.resolve("run");
    try (RunDirectory run = RunDirectory.open(place)) {
      run.writeSummary(Map.of("steps", 1));
      Path moved = Files.move(place, folder.resolve("moved"));
      Files.createFile(place);
      assertThatThrownBy(() -> run.writeSummary(Map.of("steps", 2)))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("summary.json")
          .message()
          .hasLineCount(1);
      assertThat(Files.readString(moved.resolve("summary.json"))).contains("\"steps\" : 1");
    }
  }

  @Test
  void leavesNothingBesideAWrittenFile() throws Exception {
    try (RunDirectory run = RunDirectory.open(folder)) {
      run.write("a.txt", "text".getBytes(UTF_8));
      try (var files = Files.list(folder)) {
        assertThat(files)
            .containsExactlyInAnyOrder(folder.resolve("a.txt"), folder.resolve(".lock"));
      }
    }
  }

  @Test
  void aFileWhereTheFolderShouldBeIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> RunDirectory.create(file, "demo"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(file.toString());
  }

  /// Owns a folder until it is killed.
  static final class Owner {
    public static void main(String... args) throws Exception {
      try (RunDirectory run = RunDirectory.open(Path.of(args[0]))) {
        System.out.println("owned");
        assertThat(run.path()).isDirectory();
        new java.util.concurrent.CountDownLatch(1).await();
      }
    }
  }
}
