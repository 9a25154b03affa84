package dev.burnish.train.memory;

import dev.burnish.kernel.Team;
import dev.burnish.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// State of the optimizer in a file: it is needed once per step, one piece at a time, and read into
/// and written from memory of one piece in between.
///
/// Reading and writing is faster than mapping: a page of a mapped file that is written costs a
/// fault each time it was evicted from memory, 1 GB of them 2.6 s, whereas reading and writing
/// takes 0.2 s. The file is filled with zeros when it is created, so a full disk is an error then;
/// it has no name, so it is gone with the process however that ends.
///
/// Threading: reads and writes of different places may run at the same time; each is made by the
/// threads of the team.
public final class StateFile implements AutoCloseable {
  private static final int PIECE = 1 << 20;

  private final FileChannel channel;

  private StateFile(FileChannel channel) {
    this.channel = channel;
  }

  /// A file of that many zero bytes.
  ///
  /// @param folder where it is to be: a disk, since the memory of a RAM disk is memory
  /// @throws UncheckedIOException if the disk has no room for it
  public static StateFile create(Path folder, long bytes) {
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              Files.createTempFile(folder, ".state-", ".tmp"),
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
      try {
        fill(channel, bytes);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      return new StateFile(channel);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot make a file for the optimizer's state: folder=%s bytes=%d (%s); free space on its disk, or set train.memory.offload=never"
              .formatted(folder, bytes, e.getMessage()),
          e);
    }
  }

  private static void fill(FileChannel channel, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(PIECE);
    for (long at = 0; at < bytes; at += zeros.capacity()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
      while (zeros.hasRemaining()) {
        channel.write(zeros, at + zeros.position());
      }
    }
  }

  /// Fills a contiguous CPU tensor from the bytes at `offset`.
  public void read(long offset, Tensor into) {
    MemorySegment memory = into.segment();
    apart(() -> transfer(offset, memory, channel::read, "read"));
  }

  /// Writes the bytes of a contiguous CPU tensor to `offset`.
  public void write(long offset, Tensor from) {
    MemorySegment memory = from.segment();
    apart(() -> transfer(offset, memory, channel::write, "write"));
  }

  /// Runs on a thread that nothing interrupts: an interrupt would close the file, and the state
  /// would be lost with it. An interrupt of the caller is kept for later.
  private static void apart(Runnable work) {
    FutureTask<Void> task = new FutureTask<>(work, null);
    Thread.ofPlatform().daemon().name("optimizer-state").start(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          task.get();
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw e.getCause() instanceof RuntimeException cause
              ? cause
              : new IllegalStateException("the optimizer's state cannot be moved", e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private interface Transfer {
    int at(ByteBuffer bytes, long position) throws IOException;
  }

  private static void transfer(long offset, MemorySegment memory, Transfer transfer, String what) {
    int pieces = Math.toIntExact((memory.byteSize() + PIECE - 1) / PIECE);
    AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    Team.shared()
        .run(
            pieces,
            piece -> {
              long at = (long) piece * PIECE;
              long size = Math.min(PIECE, memory.byteSize() - at);
              try {
                transfer(offset + at, memory.asSlice(at, size).asByteBuffer(), transfer);
              } catch (IOException e) {
                failure.compareAndSet(null, e);
              }
            });
    IOException thrown = failure.get();
    if (thrown != null) {
      throw new UncheckedIOException(
          "cannot %s the optimizer's state: offset=%d bytes=%d (%s); see that the disk is well, and resume from the last checkpoint"
              .formatted(what, offset, memory.byteSize(), thrown),
          thrown);
    }
  }

  private static void transfer(long offset, ByteBuffer bytes, Transfer transfer)
      throws IOException {
    while (bytes.hasRemaining()) {
      if (transfer.at(bytes, offset + bytes.position()) < 0) {
        throw new IOException("the file ends before " + (offset + bytes.limit()));
      }
    }
  }

  /// Bytes of the file as memory, until the arena is closed.
  public MemorySegment map(long offset, long bytes, Arena arena) {
    AtomicReference<@Nullable MemorySegment> mapped = new AtomicReference<>();
    apart(() -> {
      try {
        mapped.set(channel.map(FileChannel.MapMode.READ_ONLY, offset, bytes, arena));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot map the optimizer's state: " + e, e);
      }
    });
    return Objects.requireNonNull(mapped.get());
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the file of the optimizer's state", e);
    }
  }
}
