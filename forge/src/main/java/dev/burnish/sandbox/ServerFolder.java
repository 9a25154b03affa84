package dev.burnish.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// The files of a fork server, and the socket at which its sandboxes connect: a folder that only
/// its user can enter. Its name has the process that made it, and the next one to make such a
/// folder removes those of processes that have ended.
record ServerFolder(Path path) implements AutoCloseable {
  private static final String PREFIX = "burnish-sandbox-";

  /// @param user owner of the folder from then on, where this user is root
  static ServerFolder make(int user) throws IOException {
    Path parent = Path.of(System.getProperty("java.io.tmpdir"));
    sweep(parent);
    Path path =
        Files.createTempDirectory(
            parent,
            PREFIX + ProcessHandle.current().pid() + "-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ServerFolder folder = new ServerFolder(path);
    try {
      Files.write(path.resolve("forkserver.py"), resource("forkserver.py"));
      Files.write(
          path.resolve("filter"),
          SeccompFilter.bytes(SystemCalls.of(SystemCalls.Architecture.here())));
      Files.writeString(path.resolve("passwd"), "sandbox:x:1000:1000::/tmp:/bin/sh\n");
      folder.give(user);
      return folder;
    } catch (IOException | RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /// The path of the socket.
  Path socket() {
    return path.resolve("socket");
  }

  /// Makes all of it the server's own: root may use it all the same.
  void give(int user) throws IOException {
    if (HostPrograms.isRoot()) {
      for (Path each : entries()) {
        own(each, user);
      }
      own(path, user);
    }
  }

  private static void own(Path path, int user) throws IOException {
    Files.setAttribute(path, "unix:uid", user);
    Files.setAttribute(path, "unix:gid", user);
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> all = Files.list(path)) {
      return all.toList();
    }
  }

  static byte[] resource(String name) throws IOException {
    try (InputStream file = Objects.requireNonNull(ServerFolder.class.getResourceAsStream(name))) {
      return file.readAllBytes();
    }
  }

  static String text(String name) {
    try {
      return new String(resource(name), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Removes it; what cannot be removed stays.
  @Override
  public void close() {
    try {
      for (Path each : entries()) {
        Files.deleteIfExists(each);
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      System.getLogger(ServerFolder.class.getName())
          .log(System.Logger.Level.WARNING, "a folder of a sandbox stays: " + path, e);
    }
  }

  private static void sweep(Path parent) throws IOException {
    try (Stream<Path> all = Files.list(parent)) {
      all.filter(ServerFolder::isLeft).map(ServerFolder::new).forEach(ServerFolder::close);
    }
  }

  private static boolean isLeft(Path path) {
    String name = String.valueOf(path.getFileName());
    if (!name.startsWith(PREFIX) || Files.isSymbolicLink(path) || !Files.isWritable(path)) {
      return false;
    }
    Optional<Long> owner = number(name.substring(PREFIX.length()).replaceFirst("-.*", ""));
    return owner.isPresent() && ProcessHandle.of(owner.get()).isEmpty();
  }

  private static Optional<Long> number(String digits) {
    return digits.matches("\\d{1,10}") ? Optional.of(Long.valueOf(digits)) : Optional.empty();
  }
}
