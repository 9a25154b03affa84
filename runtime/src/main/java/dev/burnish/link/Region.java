package dev.burnish.link;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.bulk.Arrivals;
import dev.burnish.link.bulk.BulkPeer;
import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ProcessAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Bytes that travel by handle: on one host both sides may map the same memory, and nothing is
/// copied; to another host they go over a connection of their own, or stay, if the region is made
/// by [#allocateInPlace]: processes of other hosts then read what they need of it by a
/// [RegionReader].
///
/// The process that allocates a region writes it, then passes it on, and writes no more, unless
/// nobody else holds it ([#isHeldElsewhere]). One that is made by [#allocateShared] may be written
/// by all who get it, and outlives those who write it: they agree on who does. As an argument it
/// stays the caller's, and the callee may read it until its call ends, or longer if it calls
/// [#keep()]. As a result it is the caller's to close; the callee gives it away, or returns a
/// [#share()]. Every holder may pass it on: processes of one host then all have the same memory,
/// and it stays until the last of them has closed it, whichever allocated it.
///
/// It lies in a file in memory that has no name, so that nothing is left behind however processes
/// end. An interrupt of a thread that uses it leaves it as it is. Thread-safe, except for its
/// content.
public final class Region implements AutoCloseable {
  private static final int PIECE = 1 << 26;
  private static final long LARGE = 8 << 20;

  /// Of one huge page, so that the lock on the mappings is given up between.
  private static final long TOGETHER = 2 << 20;

  private static final int TRIES = 3;

  /// Used to test whether memory is confined to a thread.
  private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

  private static final AtomicLong NEXT = new AtomicLong();

  /// Files of results that a process keeps open.
  static final int MAX_OPEN = 128;

  private static final AtomicInteger NUM_OPEN = new AtomicInteger();

  private final long id = NEXT.incrementAndGet();
  private final Arena arena = Arena.ofShared();
  private final AtomicInteger numUsers = new AtomicInteger(1);
  private final long size;
  private final Optional<MemoryFile> file;
  private final Optional<Source> source;
  private final Access access;
  private final Optional<Elsewhere> elsewhere;
  private volatile Optional<Arrivals> arrivals = Optional.empty();
  private @Nullable MemorySegment memory;

  /// Whether its file is one of [#MAX_OPEN]; written before others have it.
  private boolean isCounted;

  /// The rights of those to whom a region is passed on.
  enum Access {
    READ,
    WRITE,
    /// Reading, without a copy on other hosts.
    IN_PLACE
  }

  /// Where the bytes of a region are that are on another host.
  ///
  /// @param source by which processes of its host open it
  /// @param id of the region at its owner
  record Elsewhere(ProcessAddress owner, Source source, long id, Hold hold) {}

  /// The hold of this process on a region of another host.
  sealed interface Hold {
    /// The owner keeps it for this process.
    ///
    /// @param isUp whether the connection to the owner, which keeps the hold, has not ended
    /// @param release tells the owner that it is not needed any more
    record Held(BulkPeer peer, BulkSettings settings, BooleanSupplier isUp, Runnable release)
        implements Hold {}

    /// The owner cannot be reached, or has it no more.
    record Lost(ReplicaLost cause) implements Hold {}
  }

  /// The file that others open.
  ///
  /// @param path where processes of the same host and user open it
  /// @param label the target of the path, so that a path that was used again is detected
  record Source(String path, String label) {}

  private Region(
      long size,
      Optional<MemoryFile> file,
      Optional<Source> source,
      Access access,
      Optional<Elsewhere> elsewhere) {
    this.size = size;
    this.file = file;
    this.source = source;
    this.access = access;
    this.elsewhere = elsewhere;
  }

  private static Region inFile(MemoryFile file, long size, Source source, Access access) {
    return new Region(size, Optional.of(file), Optional.of(source), access, Optional.empty());
  }

  /// A region of zeroes to be written, which others only read.
  ///
  /// @throws IllegalArgumentException if it has no bytes
  /// @throws UncheckedIOException if there is no room for it
  public static Region allocate(long bytes) {
    return allocate(bytes, Access.READ).orElseGet(() -> empty(bytes));
  }

  /// A region of zeroes to be written, whose bytes stay on this host when it is passed on:
  /// processes of other hosts read what they need of it. For them it ends with this process: one
  /// that gets it after that has a region that cannot be read.
  ///
  /// @throws IllegalArgumentException if it has no bytes
  /// @throws UncheckedIOException if there is no room for it
  public static Region allocateInPlace(long bytes) {
    return allocate(bytes, Access.IN_PLACE).orElseGet(() -> empty(bytes));
  }

  /// A region of zeroes which everyone on this host may write to whom it is passed on. It is not
  /// passed on to other hosts.
  ///
  /// @throws IllegalArgumentException if it has no bytes
  /// @throws UncheckedIOException if there is no room for it
  /// @throws IllegalStateException if processes of this operating system cannot share memory
  public static Region allocateShared(long bytes) {
    return allocate(bytes, Access.WRITE)
        .orElseThrow(() ->
            new IllegalStateException(
                "memory that processes share needs files in /proc/self/fd: bytes=%d; run on Linux with /proc mounted"
                    .formatted(bytes)));
  }

  private static Optional<Region> allocate(long bytes, Access access) {
    if (bytes < 1) {
      throw new IllegalArgumentException("a region has bytes: bytes=" + bytes);
    }
    try {
      Optional<MemoryFile> file = MemoryFile.create(bytes);
      return file.isPresent() ? Optional.of(inMemory(file.get(), bytes, access)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("no room for a region: bytes=%d (%s)".formatted(bytes, e), e);
    }
  }

  /// A copy of a region in a file on a disk, as [#allocateInPlace]: who reads it, reads the file.
  /// The file has no name, so that nothing is left of it however processes end.
  ///
  /// @param folder on the disk
  /// @throws UncheckedIOException if there is no room for it, or no such folder
  /// @throws IllegalStateException if its bytes are on another host
  public static Region allocateOnDisk(Region from, Path folder) {
    try {
      MemoryFile file = MemoryFile.onDisk(folder);
      try {
        FaultPoint.reach("region.spilling");
        file.write(from.segment());
        Source source = new Source(file.path(), MemoryFile.label(file.path()));
        return inFile(file, from.size(), source, Access.IN_PLACE);
      } catch (IOException | RuntimeException | Error e) {
        file.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "no room for a region on disk: folder=%s bytes=%d (%s)".formatted(folder, from.size(), e),
          e);
    }
  }

  private static Region inMemory(MemoryFile file, long bytes, Access access) throws IOException {
    try {
      FaultPoint.reach("region.allocated");
      Source source = new Source(file.path(), MemoryFile.label(file.path()));
      Region region = inFile(file, bytes, source, access);
      region.memory = file.map(bytes, true, region.arena);
      return region;
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /// Opens a region of another process of this host.
  ///
  /// @throws IOException if its owner has closed it or is gone
  static Region open(String path, String label, long size, Access access) throws IOException {
    MemoryFile file = MemoryFile.open(path, access);
    try {
      if (!MemoryFile.label(path).equals(label)) {
        throw new IOException("its owner has closed it: path=" + path);
      }
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
    // Under the number that it has here: so it may be passed on when its first owner is gone.
    return inFile(file, size, new Source(file.path(), label), access);
  }

  /// Opens a region of another process of this host that came as a result. Some keep their files
  /// open, as their bytes are copied faster from there, and as they are passed on by them; where
  /// this process has many, they are mapped alone. Both hold the region.
  ///
  /// @throws IOException if its owner has closed it or is gone
  static Region openResult(String path, String label, long size, Access access) throws IOException {
    Region region = open(path, label, size, access);
    if (NUM_OPEN.incrementAndGet() <= MAX_OPEN || access == Access.WRITE) {
      region.isCounted = true;
      return region;
    }
    NUM_OPEN.decrementAndGet();
    try {
      Region mapped =
          new Region(size, Optional.empty(), Optional.empty(), access, Optional.empty());
      mapped.memory = region.file.orElseThrow().map(size, false, mapped.arena);
      return mapped;
    } finally {
      region.close();
    }
  }

  /// A region in memory of this process alone, such as one that is filled by another host.
  static Region empty(long size) {
    Region region =
        new Region(size, Optional.empty(), Optional.empty(), Access.READ, Optional.empty());
    region.memory = region.arena.allocate(size, 64);
    return region;
  }

  /// A region whose bytes stay on another host.
  static Region remote(long size, Elsewhere place) {
    return new Region(
        size, Optional.empty(), Optional.empty(), Access.IN_PLACE, Optional.of(place));
  }

  /// Whether its bytes are on this host: they are read in place then, and else by a [RegionReader].
  public boolean isHere() {
    return elsewhere.isEmpty();
  }

  /// Whether its bytes are on another host, and this process does not hold them any more.
  public boolean isLost() {
    return elsewhere
        .map(place ->
            switch (place.hold()) {
              case Hold.Held held -> !held.isUp().getAsBoolean();
              case Hold.Lost _ -> true;
            })
        .orElse(false);
  }

  /// The process that has its bytes, for messages: empty if they are here.
  public String place() {
    return elsewhere.map(place -> place.owner().toString()).orElse("");
  }

  /// Where it is.
  ///
  /// @throws IllegalArgumentException if it is here
  Elsewhere elsewhere() {
    return elsewhere.orElseThrow(() ->
        new IllegalArgumentException("a region of this host is read where it is: region=" + id));
  }

  /// The bytes: to be read, and written only by the process that allocated them before they are
  /// passed on, or by all where they are shared. A region of another process is mapped when this is
  /// first called; [#copyTo] makes a copy faster.
  ///
  /// @throws IllegalStateException after the end, also on access; if its bytes are on another host
  public synchronized MemorySegment segment() {
    MemorySegment known = memory;
    if (known == null) {
      requireHere();
      known = mapped();
      memory = known;
    }
    return known;
  }

  private void requireHere() {
    elsewhere.ifPresent(place -> {
      throw new IllegalStateException(
          "bytes of another host must be read by a RegionReader: region=%d owner=%s"
              .formatted(place.id(), place.owner()));
    });
  }

  private MemorySegment mapped() {
    try {
      return file.orElseThrow().map(size, access == Access.WRITE, arena);
    } catch (ClosedChannelException e) {
      throw new IllegalStateException("a closed region is not used: region=" + id, e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "a region cannot be mapped: bytes=%d (%s)".formatted(size, e), e);
    }
  }

  /// Copies bytes from `offset` on, as many as the target takes. Those of another process are read
  /// from its file: mapping a page costs as much as copying it. Large ones are read by two threads
  /// where this process has two cores: looking pages up takes as long as copying them.
  ///
  /// @param target native memory for speed, that of a shared arena most of all
  /// @throws IndexOutOfBoundsException if the region ends before
  /// @throws IllegalStateException after the end, or if its bytes are on another host
  /// @throws CallCancelled on an interrupt
  public void copyTo(long offset, MemorySegment target) {
    Objects.checkFromIndexSize(offset, target.byteSize(), size);
    requireHere();
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
        long read = readSome(offset + at, target.asSlice(at, piece));
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

  /// Whether it is in the address space of this process: then it is read in place at the cost of a
  /// copy, and else faster by [#copyTo].
  public synchronized boolean isMapped() {
    return memory != null;
  }

  /// An interrupt cancels a call, also one that copies much; the region stays as it is.
  private long readSome(long at, MemorySegment into) throws IOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new CallCancelled("interrupted while a region is copied: region=" + id);
    }
    return file.orElseThrow().read(at, into);
  }

  /// Puts its pages together to huge ones, where the operating system does that: for memory that
  /// was written once and will be again, as this takes some thirty times a copy. All that have it
  /// copy and map it two to three times faster then. It may be read, written and closed meanwhile.
  ///
  /// @return whether its pages are huge
  /// @throws IllegalStateException after the end, or if its bytes are on another host
  public boolean putPagesTogether() {
    share();
    long address = segment().address();
    close();
    long left = countApart(address);
    for (int i = 1; i < TRIES && left > 0 && left < size / TOGETHER; i++) {
      left = countApart(address);
    }
    return left == 0 && size >= TOGETHER;
  }

  /// The number of pieces that could not be put together: pages that are being read or written are
  /// left as they are.
  private long countApart(long address) {
    long apart = 0;
    for (long at = 0; at + TOGETHER <= size && numUsers.get() > 0; at += TOGETHER) {
      apart += MemoryFile.collapse(address + at, TOGETHER) ? 0 : 1;
    }
    return apart;
  }

  /// The number of bytes.
  public long size() {
    return size;
  }

  /// Whether anyone but the caller may still read it: a process that has it open or mapped, also
  /// one that is stopped; a message under way; another user in this process. Processes that died
  /// hold nothing. To be asked in the process that allocated it, by one whose own use is the only
  /// one there: where it is false, the region may be written again.
  ///
  /// @throws IllegalStateException after the end
  public boolean isHeldElsewhere() {
    try {
      return numUsers.get() > 1 || (file.isPresent() && file.get().isOpenElsewhere());
    } catch (ClosedChannelException e) {
      throw new IllegalStateException("a closed region is not used: region=" + id, e);
    } catch (IOException e) {
      throw new UncheckedIOException("a region cannot be locked: region=" + id, e);
    }
  }

  /// Keeps the region of an argument beyond the call; close it then.
  public Region keep() {
    return share();
  }

  /// The same region for another user, who closes it too.
  ///
  /// @throws IllegalStateException if it is closed
  public Region share() {
    if (numUsers.getAndUpdate(n -> n == 0 ? 0 : n + 1) == 0) {
      throw new IllegalStateException("a closed region is not used: region=" + id);
    }
    return this;
  }

  /// Says that its bytes still come from elsewhere. It may be passed on to other hosts already,
  /// which then wait for what they read; processes of this host get it when all is there. For one
  /// that is made by [#allocateInPlace], in the process that writes it, while nobody reads it.
  public void comesBy(Arrivals coming) {
    arrivals = Optional.of(coming);
  }

  Optional<Arrivals> arrivals() {
    return arrivals;
  }

  long id() {
    return id;
  }

  Access access() {
    return access;
  }

  String path() {
    return source.map(Source::path).orElse("");
  }

  String label() {
    return source.map(Source::label).orElse("");
  }

  private static void release(Elsewhere place) {
    switch (place.hold()) {
      case Hold.Held held -> held.release().run();
      case Hold.Lost _ -> {}
    }
  }

  /// Ends one use; the last one releases the memory.
  ///
  /// @throws IllegalStateException if it was closed as often as it was shared
  @Override
  public void close() {
    int left = numUsers.decrementAndGet();
    if (left < 0) {
      throw new IllegalStateException("a region is closed once by each user: region=" + id);
    }
    if (left == 0) {
      try {
        arena.close();
      } finally {
        if (isCounted) {
          NUM_OPEN.decrementAndGet();
        }
        file.ifPresent(MemoryFile::close);
        elsewhere.ifPresent(Region::release);
      }
    }
  }
}
