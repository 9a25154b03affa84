package dev.burnish.link;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/// A file in memory, which another process of this user opens by the descriptor that it has here.
///
/// It never has a name, so nothing is left of it however and whenever this process ends. It is
/// accessed through functions of the C library: a `FileChannel` is closed for all when a thread
/// that uses it is interrupted. Thread-safe: it is closed once nothing uses it any more.
final class MemoryFile implements AutoCloseable {
  private static final Path OPEN_FILES = Path.of("/proc/self/fd");
  private static final Path MEMORY = Path.of("/dev/shm");

  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_NONE = 0;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;

  /// Linux 6.1: puts pages together whatever the settings of the machine say about new ones.
  private static final int MADV_COLLAPSE = 25;

  private static final long HUGE_PAGE = 2 << 20;

  /// Bytes that are written at once.
  private static final long PIECE = 64 << 20;

  private static final int MFD_CLOEXEC = 1;
  private static final int O_RDONLY = 0;
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final int OWNER_ONLY = 0x180;

  /// `O_DIRECTORY` is a part of it, which differs.
  private static final int O_TMPFILE =
      0x400000 | (System.getProperty("os.arch").equals("aarch64") ? 0x4000 : 0x10000);

  private static final int LOCK_SHARED = 1;
  private static final int LOCK_EXCLUSIVE = 2;
  private static final int LOCK_AT_ONCE = 4;
  private static final int UNLOCK = 8;

  private static final int EPERM = 1;
  private static final int EINTR = 4;
  private static final int EWOULDBLOCK = 11;
  private static final int EACCES = 13;
  private static final int EISDIR = 21;
  private static final int EINVAL = 22;
  private static final int ENOSYS = 38;
  private static final int EOPNOTSUPP = 95;

  /// Errors that mean that a way to create a file is unavailable; any other error means that there
  /// is no room.
  private static final Set<Integer> CLOSED_WAY =
      Set.of(EPERM, EACCES, EISDIR, EINVAL, ENOSYS, EOPNOTSUPP);

  private final int number;

  /// The users of the file: this object, and each thread that uses it.
  private final AtomicInteger numUsers = new AtomicInteger(1);

  private MemoryFile(int number) {
    this.number = number;
  }

  /// A file of zeroes; empty where the operating system has none that others can open.
  ///
  /// @throws IOException if there is no room for it
  static Optional<MemoryFile> create(long size) throws IOException {
    if (!Files.isDirectory(OPEN_FILES)) {
      return Optional.empty();
    }
    Optional<MemoryFile> made = anonymous();
    made = made.isPresent() ? made : unnamed(MEMORY);
    if (made.isPresent()) {
      made.get().resize(size);
    }
    return made;
  }

  /// By `memfd_create`.
  static Optional<MemoryFile> anonymous() throws IOException {
    if (C.MEMFD_CREATE.isEmpty()) {
      return Optional.empty();
    }
    MethodHandle create = C.MEMFD_CREATE.get();
    String name = "burnish-region-" + UUID.randomUUID();
    return ifOpen(
        (arena, state) -> (int) create.invokeExact(state, arena.allocateFrom(name), MFD_CLOEXEC));
  }

  /// In a folder, by `open` without a name.
  static Optional<MemoryFile> unnamed(Path folder) throws IOException {
    return !Files.isDirectory(folder)
        ? Optional.empty()
        : ifOpen((arena, state) ->
            (int)
                C.OPEN.invokeExact(
                    state,
                    arena.allocateFrom(folder.toString()),
                    O_TMPFILE | O_RDWR | O_CLOEXEC,
                    OWNER_ONLY));
  }

  /// A file of no bytes in a folder on a disk. Where its file system has none without names, it has
  /// one for a moment.
  ///
  /// @throws IOException if there is no such folder, or it cannot be written
  static MemoryFile onDisk(Path folder) throws IOException {
    Optional<MemoryFile> made = unnamed(folder);
    if (made.isPresent()) {
      return made.get();
    }
    Path named = Files.createTempFile(folder, "burnish-spill-", ".tmp");
    try {
      return new MemoryFile(
          (int)
              checked(
                  named.toString(),
                  (arena, state) ->
                      (int)
                          C.OPEN.invokeExact(
                              state, arena.allocateFrom(named.toString()), O_RDWR | O_CLOEXEC, 0)));
    } finally {
      Files.delete(named);
    }
  }

  private static Optional<MemoryFile> ifOpen(NativeCall way) throws IOException {
    try {
      return Optional.of(new MemoryFile((int) checked("a file in memory", way)));
    } catch (NativeFailure e) {
      if (CLOSED_WAY.contains(e.number)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /// Opens a file of another process, which notices as long as it is open: see [#isOpenElsewhere].
  static MemoryFile open(String path, Region.Access access) throws IOException {
    int flags =
        O_CLOEXEC
            | switch (access) {
              case READ, IN_PLACE -> O_RDONLY;
              case WRITE -> O_RDWR;
            };
    MemoryFile file =
        new MemoryFile(
            (int)
                checked(
                    path,
                    (arena, state) ->
                        (int) C.OPEN.invokeExact(state, arena.allocateFrom(path), flags, 0)));
    try {
      // At once: only one that was told of the file before it was given up meets the other lock.
      checked("flock", (_, state) -> file.flock(state, LOCK_SHARED | LOCK_AT_ONCE));
      return file;
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private int flock(MemorySegment state, int operation) throws Throwable {
    return (int) C.FLOCK.invokeExact(state, number, operation);
  }

  /// Whether any other holder has opened this file and has it open or mapped: of another process,
  /// dead ones excepted, or of this one. To be asked by the one that created it. The kernel knows:
  /// each that opens the file has a shared lock on it, which ends with its last use.
  ///
  /// @throws ClosedChannelException after the end
  boolean isOpenElsewhere() throws IOException {
    enter();
    try {
      checked("flock", (_, state) -> flock(state, LOCK_EXCLUSIVE | LOCK_AT_ONCE));
      checked("flock", (_, state) -> flock(state, UNLOCK));
      return false;
    } catch (NativeFailure e) {
      if (e.number == EWOULDBLOCK) {
        return true;
      }
      throw e;
    } finally {
      close();
    }
  }

  private void resize(long size) throws IOException {
    try {
      checked("ftruncate", (_, state) -> (int) C.FTRUNCATE.invokeExact(state, number, size));
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /// The path at which others of this host open it: the descriptor is this process's.
  String path() {
    return "/proc/" + ProcessHandle.current().pid() + "/fd/" + number;
  }

  /// The target of a path of a file.
  static String label(String path) throws IOException {
    return Files.readSymbolicLink(Path.of(path)).toString();
  }

  /// Its bytes, until the arena is closed. Those of a large file begin where a huge page may.
  ///
  /// @throws ClosedChannelException after the end
  MemorySegment map(long size, boolean writable, Arena arena) throws IOException {
    enter();
    try {
      int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
      MemorySegment bytes =
          size < HUGE_PAGE
              ? mmap(MemorySegment.NULL, size, protection, MAP_SHARED, number)
                  .reinterpret(size, arena, MemoryFile::unmap)
              : mapAligned(size, protection, arena);
      return writable ? bytes : bytes.asReadOnly();
    } finally {
      close();
    }
  }

  /// Within addresses that are reserved for more, as the system chooses them without regard to
  /// pages.
  private MemorySegment mapAligned(long size, int protection, Arena arena) throws IOException {
    long reserved = size + HUGE_PAGE;
    MemorySegment room =
        mmap(
                MemorySegment.NULL,
                reserved,
                PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1)
            .reinterpret(reserved);
    try {
      long offset = Math.floorMod(-room.address(), HUGE_PAGE);
      MemorySegment _ =
          mmap(room.asSlice(offset), size, protection, MAP_SHARED | MAP_FIXED, number);
      return MemorySegment.ofAddress(room.address() + offset)
          .reinterpret(size, arena, _ -> unmap(room));
    } catch (IOException | RuntimeException | Error e) {
      unmap(room);
      throw e;
    }
  }

  private static MemorySegment mmap(
      MemorySegment at, long size, int protection, int flags, int number) throws IOException {
    return MemorySegment.ofAddress(
        checked(
            "mmap",
            (_, state) ->
                (long) C.MMAP.invokeExact(state, at, size, protection, flags, number, 0L)));
  }

  /// Puts the pages of a mapping together to huge ones, for all that have them mapped; they have to
  /// be written. Changes no bytes, wherever the address is by now.
  ///
  /// @return whether the system does that
  static boolean collapse(long address, long size) {
    if (C.MADVISE.isEmpty()) {
      return false;
    }
    MethodHandle madvise = C.MADVISE.get();
    MemorySegment bytes = MemorySegment.ofAddress(address);
    try {
      return checked(
              "madvise", (_, state) -> (int) madvise.invokeExact(state, bytes, size, MADV_COLLAPSE))
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static void unmap(MemorySegment bytes) {
    try {
      checked("munmap", (_, state) -> (int) C.MUNMAP.invokeExact(state, bytes, bytes.byteSize()));
    } catch (IOException e) {
      throw new IllegalStateException("memory of a region is not given back", e);
    }
  }

  /// Reads at least one byte; returns how many, 0 at the end of the file.
  ///
  /// @param target native memory
  /// @throws ClosedChannelException after the end
  long read(long offset, MemorySegment target) throws IOException {
    enter();
    try {
      return checked(
          "pread",
          (_, state) ->
              (long) C.PREAD.invokeExact(state, number, target, target.byteSize(), offset));
    } finally {
      close();
    }
  }

  /// Writes bytes from the beginning on.
  ///
  /// @param source native memory
  /// @throws IOException if there is no room
  /// @throws ClosedChannelException after the end
  void write(MemorySegment source) throws IOException {
    enter();
    try {
      for (long at = 0; at < source.byteSize(); ) {
        long offset = at;
        MemorySegment rest = source.asSlice(at, Math.min(PIECE, source.byteSize() - at));
        at +=
            checked(
                "pwrite",
                (_, state) ->
                    (long) C.PWRITE.invokeExact(state, number, rest, rest.byteSize(), offset));
      }
    } finally {
      close();
    }
  }

  private void enter() throws ClosedChannelException {
    if (numUsers.getAndUpdate(n -> n == 0 ? 0 : n + 1) == 0) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public void close() {
    if (numUsers.decrementAndGet() == 0) {
      try {
        checked("close", (_, state) -> (int) C.CLOSE.invokeExact(state, number));
      } catch (IOException e) {
        throw new IllegalStateException("a file of a region does not close: number=" + number, e);
      }
    }
  }

  private static long checked(String what, NativeCall call) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(C.STATE);
      long result = call.run(arena, state);
      while (result == -1 && C.errno(state) == EINTR) {
        result = call.run(arena, state);
      }
      if (result == -1) {
        throw new NativeFailure(what, C.errno(state));
      }
      return result;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a function of the C library cannot be called", e);
    }
  }

  /// Calls a function, which returns -1 where it fails.
  @FunctionalInterface
  private interface NativeCall {
    long run(Arena arena, MemorySegment state) throws Throwable;
  }

  private static final class NativeFailure extends IOException {
    private static final long serialVersionUID = 1;
    private final int number;

    NativeFailure(String what, int number) {
      super("%s: %s".formatted(what, C.message(number)));
      this.number = number;
    }
  }

  /// Functions of the C library; looked up when one is first needed.
  private static final class C {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    private static final AddressLayout TEXT =
        ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(1 << 10, JAVA_BYTE));

    private static final Optional<MethodHandle> MEMFD_CREATE =
        LINKER
            .defaultLookup()
            .find("memfd_create")
            .map(address ->
                LINKER.downcallHandle(
                    address,
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                    Linker.Option.captureCallState("errno")));
    private static final MethodHandle OPEN =
        function(
            "open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle FTRUNCATE =
        function("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle FLOCK =
        function("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle MMAP =
        function(
            "mmap",
            FunctionDescriptor.of(
                JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final Optional<MethodHandle> MADVISE =
        LINKER
            .defaultLookup()
            .find("madvise")
            .map(address ->
                LINKER.downcallHandle(
                    address,
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT),
                    Linker.Option.captureCallState("errno")));
    private static final MethodHandle MUNMAP =
        function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle PREAD =
        function(
            "pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle PWRITE =
        function(
            "pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle CLOSE =
        function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle STRERROR =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("strerror"), FunctionDescriptor.of(TEXT, JAVA_INT));

    private static MethodHandle function(
        String name, FunctionDescriptor type, Linker.Option... options) {
      Linker.Option[] all = Arrays.copyOf(options, options.length + 1);
      all[options.length] = Linker.Option.captureCallState("errno");
      return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, all);
    }

    static int errno(MemorySegment state) {
      return (int) ERRNO.get(state, 0L);
    }

    static String message(int number) {
      try {
        return ((MemorySegment) STRERROR.invokeExact(number)).getString(0);
      } catch (Throwable e) {
        return "errno=" + number;
      }
    }
  }
}
