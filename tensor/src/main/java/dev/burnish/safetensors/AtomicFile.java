package dev.burnish.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// A file that appears whole or not at all: written beside its target, forced to the disk, renamed.
/// Closing without [#commit] leaves the target as it was and nothing behind.
final class AtomicFile implements AutoCloseable {
  /// Writes the content of a file.
  interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  private final Path target;
  private final Path temporary;

  private AtomicFile(Path target, Path temporary) {
    this.target = target;
    this.temporary = temporary;
  }

  /// Writes the content beside `target`, forced to the disk but not yet visible.
  static AtomicFile prepare(Path target, Content content) {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.resolveSibling("");
    Path temporary = folder;
    try {
      Files.createDirectories(folder);
      temporary = Files.createTempFile(folder, "." + absolute.getFileName() + ".", ".tmp");
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      return new AtomicFile(absolute, temporary);
    } catch (IOException e) {
      delete(temporary, folder);
      throw new UncheckedIOException(
          "cannot write file=%s: %s; nothing was changed, free space or choose another folder"
              .formatted(target, e),
          e);
    } catch (RuntimeException | Error e) {
      delete(temporary, folder);
      throw e;
    }
  }

  /// Makes the file visible, and the rename durable.
  void commit() {
    try {
      makeReadable();
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceFolder(target.resolveSibling(""));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write file=" + target + ": " + e, e);
    }
  }

  @Override
  public void close() {
    delete(temporary, target.resolveSibling(""));
  }

  static void write(Path target, Content content) {
    try (AtomicFile file = prepare(target, content)) {
      file.commit();
    }
  }

  static void write(Path target, byte[] content) {
    write(target, channel -> writeFully(channel, ByteBuffer.wrap(content)));
  }

  static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /// Temporary files are private to their owner; the finished file gets the usual permissions.
  private void makeReadable() throws IOException {
    if (Files.getFileStore(temporary).supportsFileAttributeView("posix")) {
      var permissions = Files.getPosixFilePermissions(temporary);
      permissions.addAll(java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
      Files.setPosixFilePermissions(temporary, permissions);
    }
  }

  private static void delete(Path temporary, Path folder) {
    if (temporary.equals(folder)) {
      return;
    }
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove file=" + temporary + ": " + e, e);
    }
  }
}
