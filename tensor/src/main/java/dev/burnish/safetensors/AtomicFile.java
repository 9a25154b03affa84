package dev.burnish.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/// A file that appears whole or not at all: written beside its target, forced to the disk, renamed.
/// Closing without [#commit] leaves the target as it was and nothing behind. What a killed process
/// left is removed by the next one to write that file: a temporary file is locked while it is in
/// use.
final class AtomicFile implements AutoCloseable {
  /// Writes the content of a file.
  interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;

  private AtomicFile(Path target) throws IOException {
    this.target = target;
    Path folder = Files.createDirectories(target.resolveSibling(""));
    removeAbandoned(folder, prefix(target));
    this.temporary = Files.createTempFile(folder, prefix(target), ".tmp");
    this.channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
  }

  /// Writes the content beside `target`, forced to the disk but not yet visible.
  static AtomicFile prepare(Path target, Content content) {
    try {
      AtomicFile file = new AtomicFile(target.toAbsolutePath());
      try {
        file.fill(content);
        return file;
      } catch (IOException | RuntimeException | Error e) {
        file.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write file=%s: %s; it was left as it was, free space or choose another folder"
              .formatted(target, e),
          e);
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
    try {
      channel.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove file=" + temporary + ": " + e, e);
    }
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

  /// The lock ends with the channel, or with the process.
  private void fill(Content content) throws IOException {
    FileLock lock = channel.lock();
    content.writeTo(channel);
    channel.force(true);
    if (!lock.isValid()) {
      throw new IOException("lost the lock of " + temporary);
    }
  }

  /// Temporary files are private to their owner; the finished file gets the usual permissions.
  private void makeReadable() throws IOException {
    if (Files.getFileStore(temporary).supportsFileAttributeView("posix")) {
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
    }
  }

  private static String prefix(Path target) {
    return "." + target.getFileName() + ".";
  }

  private static void removeAbandoned(Path folder, String prefix) throws IOException {
    try (var files =
        Files.newDirectoryStream(
            folder,
            file -> {
              String name = file.getFileName().toString();
              return name.startsWith(prefix) && name.matches(".*\\.\\d+\\.tmp");
            })) {
      for (Path file : files) {
        if (isAbandoned(file)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /// A file that is new and not yet locked by its writer has no bytes; it is left alone.
  private static boolean isAbandoned(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock != null && channel.size() > 0;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (java.nio.file.NoSuchFileException e) {
      return false;
    }
  }
}
