package dev.burnish.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

/// The folder of a fork server: who can enter it, and what becomes of those of processes that died.
class ServerFolderTest {
  private static final Path PARENT = Path.of(System.getProperty("java.io.tmpdir"));

  @Test
  void isClosedToOthersAndLeavesNothing() throws IOException {
    Path path;
    try (ServerFolder folder = ServerFolder.make(58_001)) {
      path = folder.path();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rwx------");
      assertThat(path.resolve("forkserver.py")).exists();
      assertThat(Files.size(path.resolve("filter"))).isPositive();
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void removesThoseOfProcessesThatHaveEndedAndNoOther() throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    Path left = Files.createDirectories(PARENT.resolve("burnish-sandbox-" + ended.pid() + "-1"));
    Path other = Files.createDirectories(PARENT.resolve("burnish-sandbox-test-of-names"));
    Files.writeString(left.resolve("filter"), "");
    try (ServerFolder mine = ServerFolder.make(58_001)) {
      ServerFolder.make(58_001).close();
      assertThat(left).doesNotExist();
      assertThat(mine.path()).exists();
      assertThat(other).exists();
    } finally {
      Files.deleteIfExists(other);
    }
  }
}
