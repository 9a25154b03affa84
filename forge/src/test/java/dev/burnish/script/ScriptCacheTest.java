package dev.burnish.script;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The cases in which cached classes of a script are run.
class ScriptCacheTest {
  private static final Map<String, byte[]> CLASSES = Map.of("Hello", new byte[] {1, 2, 3});

  @TempDir private Path home = Path.of("");
  private final Optional<String> before = Optional.ofNullable(System.getProperty("burnish.home"));
  private Path script = Path.of("");

  @BeforeEach
  void write() throws IOException {
    System.setProperty("burnish.home", home.toString());
    script = Files.writeString(home.resolve("Hello.java"), "void main() {}");
  }

  @AfterEach
  void restore() {
    before.ifPresentOrElse(
        set -> System.setProperty("burnish.home", set), () -> System.clearProperty("burnish.home"));
  }

  private Path cache() {
    return home.resolve(".burnish").resolve("scripts");
  }

  private static void open(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> files = Files.list(cache())) {
      return files.toList();
    }
  }

  private boolean isKnown() throws IOException {
    return ScriptCache.of(script).load().isPresent();
  }

  @Test
  void whatWasKeptIsFoundAgain() throws Exception {
    assertThat(isKnown()).isFalse();
    ScriptCache.of(script).save(CLASSES);
    assertThat(ScriptCache.of(script).load().orElseThrow().get("Hello")).containsExactly(1, 2, 3);
    Files.writeString(script, "void main() { }");
    assertThat(isKnown()).isFalse();
  }

  @Test
  void whatOthersCanHaveWrittenIsNotRun() throws Exception {
    ScriptCache.of(script).save(CLASSES);
    Path entry = entries().getFirst();
    open(entry, "rw-rw-rw-");
    assertThat(isKnown()).isFalse();
    open(entry, "rw-------");
    assertThat(isKnown()).isTrue();
    for (Path folder : List.of(cache(), home.resolve(".burnish"), home)) {
      open(folder, "rwxrwxrwx");
      assertThat(isKnown()).as("%s", folder).isFalse();
      ScriptCache.of(script).save(CLASSES);
      open(folder, "rwx------");
      assertThat(isKnown()).isTrue();
    }
    assertThat(entries()).hasSize(1);
  }

  @Test
  void aLinkIsNotRun() throws Exception {
    ScriptCache.of(script).save(CLASSES);
    Path entry = entries().getFirst();
    Path elsewhere = Files.move(entry, home.resolve("elsewhere"));
    Files.createSymbolicLink(entry, elsewhere);
    assertThat(isKnown()).isFalse();
  }

  /// Without the launcher there is no folder of an installation, and the folder of temporary files
  /// is shared by all users.
  @Test
  void nothingIsKeptWithoutAnInstallation() throws Exception {
    System.clearProperty("burnish.home");
    String temporary = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", home.toString());
    try {
      ScriptCache.of(script).save(CLASSES);
      assertThat(isKnown()).isFalse();
      assertThat(cache()).doesNotExist();
    } finally {
      System.setProperty("java.io.tmpdir", temporary);
    }
  }
}
