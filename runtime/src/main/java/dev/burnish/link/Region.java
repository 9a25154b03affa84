package dev.burnish.link;

import dev.burnish.link.failure.CallCancelled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Bytes that travel by handle: on one host both sides may map the same memory, and nothing is
/// copied; to another host they go over a connection of their own.
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
  private static final int PIECE = 1 << 30;
  private static final long LARGE = 8 << 20;

  /// For asking whether memory is confined to a thread.
  private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

  private static final AtomicLong NEXT = new AtomicLong();

  private final long id = NEXT.incrementAndGet();
  private final Arena arena = Arena.ofShared();
  private final AtomicInteger numUsers = new AtomicInteger(1);
  private final long size;
  private final Optional<FileChannel> file;
  private final Optional<Source> source;
  private @Nullable MemorySegment memory;

  /// The file that others open.
  ///
  /// @param path where processes of the same host and user open it
  /// @param label what the path leads to, so that a path that was used again is seen
  private record Source(String path, String label) {}

  private Region(long size, Optional<FileChannel> file, Optional<Source> source) {
    this.size = size;
    this.file = file;
    this.source = source;
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
      return Files.isDirectory(MEMORY) ? inMemory(bytes) : empty(bytes);
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
              own.replace("self", Long.toString(ProcessHandle.current().pid())),
              path + " (deleted)");
      Region region = new Region(bytes, Optional.of(file), Optional.of(source));
      region.memory = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, region.arena);
      return region;
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

  /// Opens a region of another process of this host.
  ///
  /// @throws IOException if its owner has closed it or is gone
  static Region open(String path, String label, long size) throws IOException {
    Path file = Path.of(path);
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    if (!leadsTo(file, label)) {
      channel.close();
      throw new IOException("its owner has closed it: path=" + path);
    }
    return new Region(size, Optional.of(channel), Optional.empty());
  }

  /// A region in memory of this process alone, such as one that is filled from elsewhere.
  static Region empty(long size) {
    Region region = new Region(size, Optional.empty(), Optional.empty());
    region.memory = region.arena.allocate(size, 64);
    return region;
  }

  /// The bytes: to be read, and by who allocated them written before they are passed on. A region
  /// of another process is mapped when this is first called; whoever wants a copy has one faster by
  /// [#copyTo].
  ///
  /// @throws IllegalStateException after the end, also on access
  public synchronized MemorySegment segment() {
    MemorySegment known = memory;
    if (known == null) {
      known = mapped();
      memory = known;
    }
    return known;
  }

  private MemorySegment mapped() {
    try {
      return file.orElseThrow().map(FileChannel.MapMode.READ_ONLY, 0, size, arena).asReadOnly();
    } catch (ClosedChannelException e) {
      throw new IllegalStateException("a closed region is not used: region=" + id, e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "a region cannot be mapped: bytes=%d (%s)".formatted(size, e), e);
    }
  }

  /// Copies bytes from `offset` on, as many as the target takes. Of another process they are read
  /// from its file: mapping a page costs as much as copying it. Large ones are read by two threads
  /// where this process has two cores: looking pages up takes as long as copying them.
  ///
  /// @param target native memory for speed, that of a shared arena most of all
  /// @throws IndexOutOfBoundsException if the region ends before
  /// @throws IllegalStateException after the end
  public void copyTo(long offset, MemorySegment target) {
    Objects.checkFromIndexSize(offset, target.byteSize(), size);
    if (isMapped() || !target.isNative()) {
      MemorySegment.copy(segment(), offset, target, 0, target.byteSize());
    } else if (target.byteSize() >= LARGE
        && target.isAccessibleBy(ANOTHER)
        && Runtime.getRuntime().availableProcessors() > 1) {
      readByTwo(offset, target);
    } else {
      read(offset, target);
    }
  }

  private void readByTwo(long offset, MemorySegment target) {
    long half = target.byteSize() / 2;
    CompletableFuture<Void> second =
        CompletableFuture.runAsync(() -> read(offset + half, target.asSlice(half)));
    try {
      read(offset, target.asSlice(0, half));
    } finally {
      // The target is the caller's again when this returns, however it ends.
      second.exceptionally(_ -> null).join();
    }
    try {
      second.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private void read(long offset, MemorySegment target) {
    try {
      for (long at = 0; at < target.byteSize(); ) {
        long piece = Math.min(PIECE, target.byteSize() - at);
        int read = read(target.asSlice(at, piece).asByteBuffer(), offset + at);
        if (read <= 0) {
          throw new IOException("its file ends before " + size);
        }
        at += read;
      }
    } catch (ClosedChannelException e) {
      throw new IllegalStateException("a closed region is not used: region=" + id, e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "a region cannot be read: bytes=%d (%s)".formatted(size, e), e);
    }
  }

  private synchronized boolean isMapped() {
    return memory != null;
  }

  /// An interrupt cancels a call; it also closes the channel, so a region that was kept ends here.
  private int read(ByteBuffer into, long at) throws IOException {
    try {
      return file.orElseThrow().read(into, at);
    } catch (ClosedByInterruptException e) {
      throw new CallCancelled("interrupted while a region is copied: region=" + id);
    }
  }

  /// The number of bytes.
  public long size() {
    return size;
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
      file.ifPresent(Region::close);
    }
  }

  private static void close(FileChannel file) {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close a region", e);
    }
  }
}
