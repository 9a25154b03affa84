package dev.burnish.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFolderTest {
  private static final int STRANGER = 65534;

  @TempDir private Path temporary = Path.of("");

  private Path folder(String name, String permissions) throws IOException {
    return mode(Files.createDirectory(temporary.resolve(name)), permissions);
  }

  private static Path mode(Path path, String permissions) throws IOException {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private static Path stranger(Path path) throws IOException {
    assumeThat(PrivateFolder.user()).as("only root gives something away").isZero();
    return Files.setAttribute(path, "unix:uid", STRANGER);
  }

  @Test
  void aFolderThatIsMadeIsPrivateAndFoundAgain() throws Exception {
    PrivateFolder made = PrivateFolder.make(temporary.resolve("a").resolve("b"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made.path())))
        .isEqualTo("rwx------");
    assertThat(PrivateFolder.at(temporary.resolve("a").resolve("b"))).contains(made);
    assertThat(PrivateFolder.make(made.path())).isEqualTo(made);
  }

  @Test
  void whatIsNotThereOrNoFolderIsNone() throws Exception {
    assertThat(PrivateFolder.at(temporary.resolve("none"))).isEmpty();
    Path file = mode(Files.createFile(temporary.resolve("file")), "rwx------");
    assertThat(PrivateFolder.at(file)).isEmpty();
    assertThatThrownBy(() -> PrivateFolder.make(file)).isInstanceOf(IOException.class);
  }

  @Test
  void aFolderThatOthersReadIsClosedAndOneThatTheyWriteIsNotTaken() throws Exception {
    Path read = folder("read", "rwxr-xr-x");
    assertThat(PrivateFolder.at(read)).isEmpty();
    PrivateFolder.make(read);
    assertThat(PrivateFolder.at(read)).isPresent();
    Path written = folder("written", "rwxrwxrwx");
    assertThat(PrivateFolder.at(written)).isEmpty();
    assertThatThrownBy(() -> PrivateFolder.make(written))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("mode=0777");
  }

  @Test
  void aLinkToAnOwnFolderIsNotTaken() throws Exception {
    Path own = folder("own", "rwx------");
    Path link = Files.createSymbolicLink(temporary.resolve("link"), own);
    assertThat(PrivateFolder.at(link)).isEmpty();
    assertThatThrownBy(() -> PrivateFolder.make(link)).isInstanceOf(IOException.class);
  }

  @Test
  void aFolderOfAnotherUserIsNotTaken() throws Exception {
    Path others = stranger(folder("others", "rwx------"));
    assertThat(PrivateFolder.at(others)).isEmpty();
    assertThatThrownBy(() -> PrivateFolder.make(others))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("owner=65534");
  }

  @Test
  void noFolderIsPrivateWhereOthersCanReplaceIt() throws Exception {
    Path above = folder("above", "rwxrwxrwx");
    Path within = above.resolve("within");
    assertThatThrownBy(() -> PrivateFolder.make(within))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("replace");
    mode(Files.createDirectory(within), "rwx------");
    assertThat(PrivateFolder.at(within)).isEmpty();
    Files.setAttribute(above, "unix:mode", 01777);
    assertThat(PrivateFolder.at(within)).isPresent();
    stranger(above);
    assertThat(PrivateFolder.at(within)).isEmpty();
  }

  /// The path that is used is the one that was checked.
  @Test
  void linksAboveAreResolvedOnce() throws Exception {
    Path real = folder("real", "rwx------");
    Path link = Files.createSymbolicLink(temporary.resolve("way"), real);
    PrivateFolder made = PrivateFolder.make(link.resolve("own"));
    assertThat(made.path()).isEqualTo(real.toRealPath().resolve("own"));
  }

  @Test
  void onlyClosedFilesOfThisUserAreRead() throws Exception {
    PrivateFolder folder = PrivateFolder.make(temporary.resolve("files"));
    folder.write("whole", "text".getBytes(UTF_8));
    assertThat(folder.read("whole", 4)).asString(UTF_8).isEqualTo("text");
    assertThatThrownBy(() -> folder.read("whole", 3)).hasMessageContaining("size=4");
    assertThatThrownBy(() -> folder.read("none", 9)).isInstanceOf(NoSuchFileException.class);
    Path open = mode(Files.createFile(folder.path().resolve("open")), "rw-r--r--");
    assertThat(folder.hasFile("open")).isFalse();
    assertThatThrownBy(() -> folder.read("open", 9)).isInstanceOf(IOException.class);
    Files.createSymbolicLink(folder.path().resolve("link"), folder.path().resolve("whole"));
    assertThatThrownBy(() -> folder.read("link", 9)).isInstanceOf(IOException.class);
    folder.delete("link");
    assertThat(folder.names()).containsExactly("open", "whole");
    stranger(mode(open, "rw-------"));
    assertThat(folder.hasFile("open")).isFalse();
  }

  @Test
  void aFileThatOthersCanHaveWrittenSaysNothing() throws Exception {
    Path file = mode(Files.writeString(temporary.resolve("ticket"), "text"), "rw-r--r--");
    assertThat(GivenFile.read(file)).isEqualTo("text");
    Path link = Files.createSymbolicLink(temporary.resolve("secret"), file);
    assertThat(GivenFile.read(link)).isEqualTo("text");
    mode(file, "rw-rw-rw-");
    assertThatThrownBy(() -> GivenFile.read(link))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mode=0666");
    stranger(mode(file, "rw-------"));
    assertThatThrownBy(() -> GivenFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("owner=65534");
  }

  @Test
  void aNameLeadsNowhereElse() throws Exception {
    PrivateFolder folder = PrivateFolder.make(temporary.resolve("inner"));
    assertThatThrownBy(() -> folder.delete("../inner"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> folder.hasFile("/etc/passwd"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
