package dev.burnish.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Memory in a temporary file, for tensors that are needed occasionally; in between they leave the
/// resident memory of the process.
///
/// The file is filled with zeros when it is made, so a full disk is an error then and not a crash
/// when a page is written later, and it has no name, so it is gone with the process however that
/// ends. The system keeps what fits in its page cache: without a shortage of memory, nothing is
/// read back from the disk.
public final class MappedFile implements AutoCloseable {
  private static final int MADV_DONTNEED = 4;
  private static final long PAGE = 4096;

  private static final MethodHandle MADVISE =
      NativeFunctions.ofC(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private static final boolean LINUX = System.getProperty("os.name", "").equals("Linux");

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private long used;

  private MappedFile(Path file, long bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
      for (long at = 0; at < bytes; at += zeros.capacity()) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
        while (zeros.hasRemaining()) {
          channel.write(zeros, at + zeros.position());
        }
      }
      memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
    }
  }

  /// @param folder where the file is to be: a disk, since the memory of a RAM disk is memory
  /// @throws UncheckedIOException if the disk has no room for it
  public static MappedFile create(Path folder, long bytes) {
    try {
      Files.createDirectories(folder);
      return new MappedFile(Files.createTempFile(folder, ".offload-", ".tmp"), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot make a file for offloaded tensors: folder=%s bytes=%d (%s); free space on its disk, or keep them in memory"
              .formatted(folder, bytes, e.getMessage()),
          e);
    }
  }

  /// Bytes that a tensor of that many takes here: whole pages.
  public static long rounded(long bytes) {
    return (bytes + PAGE - 1) & -PAGE;
  }

  /// The next unused bytes as a tensor of zeros, on pages of its own. It is usable until this file
  /// is closed.
  ///
  /// @throws IllegalArgumentException if the file has no room left
  public Tensor allocate(DType dtype, long... shape) {
    long bytes = dtype.bytes();
    for (long size : shape) {
      bytes = Math.multiplyExact(bytes, size);
    }
    if (used + rounded(bytes) > rounded(memory.byteSize())) {
      throw new IllegalArgumentException(
          "a mapped file holds its tensors: bytes=%d free=%d"
              .formatted(bytes, memory.byteSize() - used));
    }
    MemorySegment run = memory.asSlice(used, bytes);
    used += rounded(bytes);
    return TensorScope.outside(() -> Tensor.wrap(run, dtype, shape));
  }

  /// Takes the pages of a tensor of [#allocate], or of a contiguous part of one, out of resident
  /// memory; the values stay, and come back when they are used.
  ///
  /// The values do not depend on it, so a system without such advice gives the same results, only
  /// with more memory.
  public static void release(Tensor tensor) {
    long bytes = tensor.numElements() * tensor.dtype().bytes();
    if (!LINUX || bytes == 0) {
      return;
    }
    long start = tensor.address() & -PAGE;
    try {
      int _ =
          (int)
              MADVISE.invokeExact(start, rounded(tensor.address() + bytes - start), MADV_DONTNEED);
    } catch (Throwable t) {
      throw new IllegalStateException("madvise failed: " + t.getMessage(), t);
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
