package dev.burnish.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// A folder into which nobody except this user (and root) can have put anything: it is this user's,
/// no link, of mode 0700, and no folder above it lets a stranger put another one in its place.
///
/// Idea: the folders above are checked first, from the path without links, which is the one that is
/// used from then on. Where they protect their entries (not writable by others, or sticky, as the
/// folder of temporary files is), a folder that was found to be this user's stays what it is: after
/// that check there is no race that a stranger could win. The entries are checked all the same
/// before they are used, and links are never followed.
///
/// @param path without links
public record PrivateFolder(Path path) {
  private static final FileAttribute<Set<PosixFilePermission>> FOLDER = only("rwx------");

  private static FileAttribute<Set<PosixFilePermission>> only(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  /// The user id of this user, who may have no name.
  public static int user() {
    return Owned.self();
  }

  /// The folder at a path, if it is private.
  public static Optional<PrivateFolder> at(Path folder) {
    try {
      Path real = real(folder);
      Owned owned = Owned.of(real);
      boolean safe = owned.isFolder() && owned.isMine() && owned.isClosedToOthers();
      return safe && unsafeAbove(real).isEmpty()
          ? Optional.of(new PrivateFolder(real))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /// Creates a folder, or takes the existing one if only this user can have written to it; from
  /// then on only this user can read it.
  ///
  /// @throws IOException if it is not private, with the reason
  public static PrivateFolder make(Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Path real = real(folder);
    Optional<String> above = unsafeAbove(real);
    if (above.isPresent()) {
      throw new IOException(above.get());
    }
    try {
      Files.createDirectory(real, FOLDER);
    } catch (FileAlreadyExistsException e) {
      Optional<String> fault = fault(real);
      if (fault.isPresent()) {
        throw new IOException(fault.get(), e);
      }
      Files.setPosixFilePermissions(real, FOLDER.value());
    }
    return new PrivateFolder(real);
  }

  /// Why a folder is not one that only this user can have written to, whatever is above it; empty
  /// if it is one.
  public static Optional<String> fault(Path folder) throws IOException {
    Owned owned = Owned.of(folder);
    boolean safe = owned.isFolder() && owned.isMine() && !owned.isWrittenByOthers();
    return safe
        ? Optional.empty()
        : Optional.of(
            "a folder of a user's own is no link, and nobody else may write to it: folder=%s %s"
                .formatted(folder, owned.describe()));
  }

  private static Path real(Path folder) throws IOException {
    Path absolute = folder.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    Path name = absolute.getFileName();
    if (parent == null || name == null) {
      throw new IOException("the root of the file system is nobody's own: folder=" + folder);
    }
    return parent.toRealPath().resolve(name);
  }

  private static Optional<String> unsafeAbove(Path real) throws IOException {
    int root = Owned.of(real.getRoot()).user();
    for (Path above = real.getParent(); above != null; above = above.getParent()) {
      Owned owned = Owned.of(above);
      if (!owned.keepsWhatIsIn(root)) {
        return Optional.of(
            "nobody else may replace a folder of a user's own: folder=%s, and above it %s %s"
                .formatted(real, above, owned.describe()));
      }
    }
    return Optional.empty();
  }

  /// The names of the entries, in order.
  public List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(path)) {
      return all.map(each -> each.getFileName().toString()).sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /// A folder in it, if that is private too.
  public Optional<PrivateFolder> folder(String name) {
    return at(child(name)).filter(found -> found.path().equals(path.resolve(name)));
  }

  /// Creates a folder in it.
  ///
  /// @throws FileAlreadyExistsException if there is something of that name
  public PrivateFolder newFolder(String name) throws IOException {
    return new PrivateFolder(Files.createDirectory(child(name), FOLDER));
  }

  /// Whether it has a file of this user that nobody else may read or write.
  public boolean hasFile(String name) throws IOException {
    return look(name)
        .filter(owned -> owned.isFile() && owned.isMine() && owned.isClosedToOthers())
        .isPresent();
  }

  /// Whether it has a socket of this user.
  public boolean hasSocket(String name) throws IOException {
    return look(name).filter(owned -> owned.isSocket() && owned.isMine()).isPresent();
  }

  private Optional<Owned> look(String name) throws IOException {
    try {
      return Optional.of(Owned.of(child(name)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /// The bytes of a file for which [#hasFile] is true.
  ///
  /// @throws IOException if there is none, or it has more bytes than `most`
  public byte[] read(String name, int most) throws IOException {
    if (!hasFile(name)) {
      throw new NoSuchFileException(child(name).toString());
    }
    try (SeekableByteChannel channel =
        Files.newByteChannel(child(name), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      if (channel.size() > most) {
        throw new IOException(
            "the file has at most %d bytes: file=%s size=%d"
                .formatted(most, child(name), channel.size()));
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
      return java.util.Arrays.copyOf(bytes.array(), bytes.position());
    }
  }

  /// Writes a file that nobody else can read: whole or not at all. It need not survive a loss of
  /// power.
  public void write(String name, byte[] content) throws IOException {
    AtomicFile.writePrivately(child(name), content);
  }

  /// Removes a file, or a link but not its target.
  public void delete(String name) throws IOException {
    Files.deleteIfExists(child(name));
  }

  private Path child(String name) {
    Path child = path.resolve(name);
    if (!path.equals(child.getParent())) {
      throw new IllegalArgumentException("a name has no folders in it: name=" + name);
    }
    return child;
  }
}
