package dev.burnish.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// A file that appears whole or not at all: written next to its target under a temporary name, and
/// renamed. Closing without [#commit] leaves the target as it was and nothing behind.
///
/// Durability: the content is on the disk before the rename, and the rename is on the disk when
/// [#commit] returns, so that committed content survives a loss of power. An interrupt does not end
/// the writing: the thread's interrupt is still set when it returns. Files left by a killed process
/// are removed by the next one to write that file: a temporary file is locked while it is in use.
///
/// Threading: one thread at a time; several files of one target may be prepared at once, and the
/// last one that is committed stays.
public final class AtomicFile implements AutoCloseable {
  /// The permissions of any new file: those that the process's umask leaves.
  private static final FileAttribute<Set<PosixFilePermission>> USUAL = rights("rw-rw-rw-");

  private static final FileAttribute<Set<PosixFilePermission>> OWNER = rights("rw-------");

  /// Writes the content of a file.
  public interface Content {
    void writeTo(Output output) throws IOException;
  }

  /// The output that takes the content of a file, from its beginning on.
  public static final class Output {
    private final Path file;
    private FileChannel channel;
    private FileLock lock;
    private long position;
    private boolean interrupted;

    private Output(Path file) throws IOException {
      this.file = file;
      this.channel = FileChannel.open(file, StandardOpenOption.WRITE);
      try {
        this.lock = channel.lock();
      } catch (IOException | RuntimeException | Error e) {
        channel.close();
        throw e;
      }
    }

    /// Writes all bytes that remain.
    public void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        int from = bytes.position();
        try {
          position += channel.write(bytes, position);
        } catch (ClosedByInterruptException e) {
          bytes.position(from); // some may have been written, and are written again
          reopen();
        }
      }
    }

    private void force() throws IOException {
      while (true) {
        try {
          channel.force(true);
          break;
        } catch (ClosedByInterruptException e) {
          reopen();
        }
      }
      if (!lock.isValid()) {
        throw new IOException("lost the lock of " + file);
      }
    }

    /// An interrupt closes a channel, and with it the lock ends. A writer of the same target may
    /// mistake the file for one that a killed process left: then it is gone, and opening fails.
    private void reopen() throws IOException {
      do {
        interrupted |= Thread.interrupted();
        try {
          channel = FileChannel.open(file, StandardOpenOption.WRITE);
          lock = channel.lock();
          return;
        } catch (ClosedByInterruptException | FileLockInterruptionException e) {
          channel.close();
        }
      } while (true);
    }
  }

  private final Path target;
  private final Path temporary;
  private final Output output;

  private AtomicFile(Path target, FileAttribute<Set<PosixFilePermission>> rights)
      throws IOException {
    this.target = target;
    Path folder = Files.createDirectories(target.resolveSibling(""));
    removeAbandoned(folder, prefix(target));
    this.temporary = Files.createTempFile(folder, prefix(target), ".tmp", rights);
    this.output = opened(temporary);
  }

  /// Writes the content next to `target`, on the disk but not yet visible.
  ///
  /// @throws UncheckedIOException if it cannot be written
  public static AtomicFile prepare(Path target, Content content) {
    try {
      AtomicFile file = new AtomicFile(target.toAbsolutePath(), USUAL);
      try {
        file.fill(content, Output::force);
        return file;
      } catch (IOException | RuntimeException | Error e) {
        file.close();
        throw e;
      }
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  /// Makes the file visible, and the rename durable.
  ///
  /// @throws UncheckedIOException if it cannot be renamed
  public void commit() {
    try {
      rename();
      forceFolder(target.resolveSibling(""));
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  @Override
  public void close() {
    try {
      output.channel.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove file=" + temporary + ": " + e, e);
    }
  }

  /// Replaces the file by one of this content, or leaves it as it is.
  ///
  /// @throws UncheckedIOException if it cannot be written
  public static void write(Path target, Content content) {
    try (AtomicFile file = prepare(target, content)) {
      file.commit();
    }
  }

  /// Writes these bytes, as above.
  public static void write(Path target, byte[] content) {
    write(target, output -> output.write(ByteBuffer.wrap(content)));
  }

  /// Writes a file that only its owner can read, and that need not survive a loss of power.
  static void writePrivately(Path target, byte[] content) throws IOException {
    try (AtomicFile file = new AtomicFile(target, OWNER)) {
      file.fill(output -> output.write(ByteBuffer.wrap(content)), _ -> {});
      file.rename();
    }
  }

  /// Forces the renames and removals in a folder to disk.
  public static void forceFolder(Path folder) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
          channel.force(true);
          return;
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  /// How written content is made durable.
  private interface Durability {
    void reach(Output output) throws IOException;
  }

  private void fill(Content content, Durability durability) throws IOException {
    try {
      content.writeTo(output);
      durability.reach(output);
    } finally {
      restore(output.interrupted);
    }
  }

  private static Output opened(Path temporary) throws IOException {
    boolean interrupted = Thread.interrupted();
    while (true) {
      try {
        Output output = new Output(temporary);
        output.interrupted = interrupted;
        return output;
      } catch (ClosedByInterruptException | FileLockInterruptionException e) {
        interrupted |= Thread.interrupted();
      } catch (IOException | RuntimeException | Error e) {
        restore(interrupted);
        throw e;
      }
    }
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void rename() throws IOException {
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static UncheckedIOException failure(Path target, IOException e) {
    return new UncheckedIOException(
        "cannot write file=%s: %s; it was left as it was, free space on its disk or choose another folder"
            .formatted(target, e),
        e);
  }

  private static FileAttribute<Set<PosixFilePermission>> rights(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
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
    } catch (OverlappingFileLockException | ClosedByInterruptException e) {
      return false;
    } catch (NoSuchFileException e) {
      return false;
    }
  }
}
