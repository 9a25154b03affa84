package dev.burnish.train.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// Operations on folders of files that must survive a crash at any moment.
final class Folders {
  private Folders() {}

  /// Entries of a folder whose names begin with `prefix`, in order of name; none if there is no
  /// folder.
  static List<Path> list(Path folder, String prefix) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(p -> p.getFileName().toString().startsWith(prefix)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list folder=" + folder + ": " + e, e);
    }
  }

  static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    force(to.toAbsolutePath().resolveSibling(""), StandardOpenOption.READ);
  }

  /// Removes a folder so that a crash in between leaves either all of it or nothing under its name.
  static void remove(Path folder) throws IOException {
    if (Files.exists(folder)) {
      Path gone = folder.resolveSibling(".gone-" + folder.getFileName());
      delete(gone);
      rename(folder, gone);
      delete(gone);
    }
  }

  /// Removes a folder of files, file by file.
  static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> entries = Files.walk(folder)) {
        for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(entry);
        }
      }
    }
  }

  /// Writes a file and syncs it to the disk.
  static void write(Path file, byte[] content) throws IOException {
    Files.write(file, content);
    force(file, StandardOpenOption.WRITE);
  }

  static void force(Path path, StandardOpenOption mode) throws IOException {
    try (FileChannel channel = FileChannel.open(path, mode)) {
      channel.force(true);
    }
  }

  /// @throws NoSuchFileException if there is none
  static String sha256(Path file) throws IOException {
    try (DigestInputStream input =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      byte[] buffer = new byte[1 << 20];
      int read;
      do {
        read = input.read(buffer);
      } while (read >= 0);
      return HexFormat.of().formatHex(input.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
