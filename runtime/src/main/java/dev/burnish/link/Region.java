package dev.burnish.link;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// Bytes that travel by handle: on one host both sides map the same memory, and nothing is copied;
/// to another host they go over a connection of their own.
///
/// Whoever allocates one writes it, then passes it on, and writes no more. As an argument it stays
/// the caller's, and the callee may read it until its call ends, or longer if it calls [#keep()].
/// As a result it is the caller's to close; the callee gives it away, or returns a [#share()].
///
/// It lies in a file in memory that has no name any more, so that nothing is left behind however
/// processes end. Thread-safe, but for what is written.
public final class Region implements AutoCloseable {
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final Path OPEN_FILES = Path.of("/proc/self/fd");
  private static final AtomicLong NEXT = new AtomicLong();

  private final long id = NEXT.incrementAndGet();
  private final Arena arena = Arena.ofShared();
  private final AtomicInteger numUsers = new AtomicInteger(1);
  private final MemorySegment segment;
  private final Optional<Source> source;

  /// The file that others map.
  ///
  /// @param path where processes of the same host and user open it; empty where they cannot
  /// @param label what the path leads to, so that a path that was used again is seen
  private record Source(FileChannel file, String path, String label) {}

  private Region(FileChannel file, long size, Optional<Source> source, FileChannel.MapMode mode)
      throws IOException {
    this.source = source;
    MemorySegment mapped = file.map(mode, 0, size, arena);
    this.segment = mode.equals(FileChannel.MapMode.READ_ONLY) ? mapped.asReadOnly() : mapped;
  }

  private Region(long size) {
    this.source = Optional.empty();
    this.segment = arena.allocate(size, 64);
  }

  /// A region of zeroes to be written.
  ///
  /// @throws IllegalArgumentException if it has no bytes
  /// @throws UncheckedIOException if there is no room for it
  public static Region allocate(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("a region has bytes: bytes=" + bytes);
    }
    try {
      return Files.isDirectory(MEMORY) ? inMemory(bytes) : new Region(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("no room for a region: bytes=%d (%s)".formatted(bytes, e), e);
    }
  }

  private static Region inMemory(long bytes) throws IOException {
    Path path = MEMORY.resolve("burnish-region-" + UUID.randomUUID());
    FileChannel file =
        FileChannel.open(
            path,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      String own = descriptor(path);
      Files.delete(path);
      Source source =
          new Source(
              file,
              own.replace("self", Long.toString(ProcessHandle.current().pid())),
              path + " (deleted)");
      return new Region(file, bytes, Optional.of(source), FileChannel.MapMode.READ_WRITE);
    } catch (IOException e) {
      file.close();
      Files.deleteIfExists(path);
      throw e;
    }
  }

  /// The number that a file is open under.
  private static String descriptor(Path path) throws IOException {
    try (Stream<Path> open = Files.list(OPEN_FILES)) {
      return open.filter(entry -> leadsTo(entry, path.toString()))
          .findFirst()
          .orElseThrow(() -> new IOException("an open file is not in " + OPEN_FILES))
          .toString();
    }
  }

  private static boolean leadsTo(Path entry, String target) {
    try {
      return Files.readSymbolicLink(entry).toString().equals(target);
    } catch (IOException e) {
      return false;
    }
  }

  /// Maps a region of another process of this host.
  ///
  /// @throws IOException if its owner has closed it or is gone
  static Region map(String path, String label, long size) throws IOException {
    Path file = Path.of(path);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (!leadsTo(file, label)) {
        throw new IOException("its owner has closed it: path=" + path);
      }
      return new Region(channel, size, Optional.empty(), FileChannel.MapMode.READ_ONLY);
    }
  }

  /// A region that is filled from elsewhere.
  static Region empty(long size) {
    return new Region(size);
  }

  /// The bytes: to be read, and by who allocated them written before they are passed on.
  ///
  /// @throws IllegalStateException on access after the end
  public MemorySegment segment() {
    return segment;
  }

  /// The number of bytes.
  public long size() {
    return segment.byteSize();
  }

  /// Keeps the region of an argument beyond the call; close it then.
  public Region keep() {
    return share();
  }

  /// The same region for a further user, who closes it too.
  ///
  /// @throws IllegalStateException if it is closed
  public Region share() {
    if (numUsers.getAndUpdate(n -> n == 0 ? 0 : n + 1) == 0) {
      throw new IllegalStateException("a closed region is not used: region=" + id);
    }
    return this;
  }

  long id() {
    return id;
  }

  String path() {
    return source.map(Source::path).orElse("");
  }

  String label() {
    return source.map(Source::label).orElse("");
  }

  /// Ends one use; with the last one the memory goes.
  ///
  /// @throws IllegalStateException if it was closed as often as it was shared
  @Override
  public void close() {
    int left = numUsers.decrementAndGet();
    if (left < 0) {
      throw new IllegalStateException("a region is closed once by each user: region=" + id);
    }
    if (left == 0) {
      arena.close();
      source.ifPresent(Region::close);
    }
  }

  private static void close(Source source) {
    try {
      source.file().close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close a region", e);
    }
  }
}
