package dev.burnish.mesh.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/// The folder of a job on a host, which only its user can enter: sockets, and what `burnish ps`
/// needs.
///
/// @param path below `burnish-USER` in the folder of temporary files
public record JobFolder(Path path) implements AutoCloseable {
  /// Where the jobs of this user are.
  public static Path base() {
    String base = System.getProperty("burnish.jobs", System.getProperty("java.io.tmpdir"));
    return Path.of(base, "burnish-" + System.getProperty("user.name"));
  }

  /// Makes the folder of a job; the process number makes its name the only one.
  ///
  /// @throws IOException if it cannot, or another user made the folder above it
  public static JobFolder create(String job) throws IOException {
    Path base = base();
    makePrivate(base);
    for (int i = 0; ; i++) {
      String name = job + "-" + ProcessHandle.current().pid() + (i == 0 ? "" : "-" + i);
      try {
        Path folder = base.resolve(name);
        Files.createDirectory(folder, ownerOnly());
        return new JobFolder(folder);
      } catch (FileAlreadyExistsException e) {
        if (i > 1000) {
          throw e;
        }
      }
    }
  }

  private static void makePrivate(Path folder) throws IOException {
    try {
      Files.createDirectories(folder.getParent());
      Files.createDirectory(folder, ownerOnly());
    } catch (FileAlreadyExistsException e) {
      String owner = Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).getName();
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          || !owner.equals(System.getProperty("user.name"))) {
        throw new IOException(
            "the folder of jobs belongs to their user: folder=%s owner=%s; remove it, or set -Dburnish.jobs to another folder"
                .formatted(folder, owner),
            e);
      }
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static java.nio.file.attribute.FileAttribute<?> ownerOnly() {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  }

  /// Of the job and its process.
  public String name() {
    return path.getFileName().toString();
  }

  /// Removes the folder; the processes of the job have ended.
  @Override
  public void close() {
    try (Stream<Path> files = Files.list(path)) {
      List<Path> all = files.toList();
      for (Path file : all) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(path);
    } catch (NoSuchFileException | DirectoryNotEmptyException e) {
      System.getLogger(JobFolder.class.getName())
          .log(System.Logger.Level.DEBUG, "the folder of a job", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove the folder of a job", e);
    }
  }
}
