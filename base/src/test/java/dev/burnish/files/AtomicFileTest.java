package dev.burnish.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void replacesAFileAndLeavesNothingElse() throws IOException {
    Path file = folder.resolve("new/a.json");
    AtomicFile.write(file, bytes("one"));
    AtomicFile.write(file, bytes("two"));
    assertThat(file).hasContent("two");
    assertThat(names(folder.resolve("new"))).containsExactly("a.json");
  }

  @Test
  void leavesTheFileAsItIsWhereTheContentFails() throws IOException {
    Path file = Files.writeString(folder.resolve("a"), "before");
    assertThatThrownBy(() ->
            AtomicFile.write(
                file,
                output -> {
                  output.write(ByteBuffer.wrap(bytes("half")));
                  throw new IOException("the disk is full");
                }))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("file=" + file)
        .hasMessageContaining("the disk is full");
    assertThat(file).hasContent("before");
    assertThat(names(folder)).containsExactly("a");
  }

  @Test
  void isNotThereBeforeItIsCommitted() throws IOException {
    Path file = folder.resolve("a");
    try (AtomicFile prepared = AtomicFile.prepare(file, out -> out.write(ByteBuffer.allocate(3)))) {
      assertThat(file).doesNotExist();
      prepared.commit();
      assertThat(file).hasSize(3);
    }
    try (AtomicFile given = AtomicFile.prepare(file, out -> out.write(ByteBuffer.allocate(5)))) {
      assertThat(given).isNotNull();
    }
    assertThat(file).hasSize(3);
    assertThat(names(folder)).containsExactly("a");
  }

  @Test
  void aThreadThatIsInterruptedBeforehandWritesAndStaysInterrupted() {
    Path file = folder.resolve("a");
    Thread.currentThread().interrupt();
    AtomicFile.write(file, bytes("whole"));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(file).hasContent("whole");
  }

  /// Interrupted each time that it has resumed, at any moment.
  @Test
  void anInterruptInTheMidstOfWritingLosesNoByte() throws Exception {
    byte[] content = new byte[1 << 20];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) ((i * 31) >> 3);
    }
    Thread writer = Thread.currentThread();
    AtomicInteger pieces = new AtomicInteger();
    AtomicBoolean done = new AtomicBoolean();
    Thread interrupter =
        Thread.ofPlatform()
            .start(() -> {
              int seen = 0;
              while (!done.get()) {
                if (pieces.get() > seen) {
                  seen = pieces.get();
                  writer.interrupt();
                }
                Thread.onSpinWait();
              }
            });
    Path file = folder.resolve("a");
    boolean interrupted = false;
    try {
      AtomicFile.write(
          file,
          output -> {
            for (int at = 0; at < content.length; at += 1000) {
              output.write(ByteBuffer.wrap(content, at, Math.min(1000, content.length - at)));
              pieces.incrementAndGet();
            }
          });
    } finally {
      done.set(true);
      interrupted = Thread.interrupted();
      interrupter.join();
      interrupted |= Thread.interrupted();
    }
    assertThat(interrupted).isTrue();
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
    assertThat(names(folder)).containsExactly("a");
  }

  @Test
  void hasTheRightsOfAnyNewFileOrThoseOfItsOwnerAlone() throws IOException {
    Path plain = Files.createFile(folder.resolve("plain"));
    AtomicFile.write(folder.resolve("a"), bytes(""));
    assertThat(Files.getPosixFilePermissions(folder.resolve("a")))
        .isEqualTo(Files.getPosixFilePermissions(plain));
    AtomicFile.writePrivately(folder.resolve("b"), bytes(""));
    assertThat(Owned.of(folder.resolve("b")).isClosedToOthers()).isTrue();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static Stream<String> names(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files.map(file -> file.getFileName().toString()).toList().stream();
    }
  }
}
