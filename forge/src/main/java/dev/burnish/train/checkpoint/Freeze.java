package dev.burnish.train.checkpoint;

import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// The tensors of a trainer at one moment, for a writer that reads them while training continues.
///
/// Nothing is copied at first: a step only reads the weights until it updates them, and the writer
/// is ahead of that for most parts. Before a part is updated, the trainer asks; a part that was not
/// read yet is then copied, or waited for where copies have used up their memory. So a checkpoint
/// costs at most that much memory, and time only where the disk is slower than a step.
///
/// Threading: the trainer's thread and the writer's.
public final class Freeze implements Pieces {
  /// The tensors of one part of a model as they are.
  public interface Source {
    /// Bytes of all of them.
    long bytes();

    /// The tensors, in memory until the arena and the open [TensorScope] are closed.
    List<StoredTensor> open(Arena arena);
  }

  private enum State {
    LIVE,
    COPIED,
    READING,
    DONE
  }

  private static final class Part implements AutoCloseable {
    private final Source source;
    private final Arena arena = Arena.ofShared();
    private List<StoredTensor> copies = List.of();
    private State state = State.LIVE;

    Part(Source source) {
      this.source = source;
    }

    List<StoredTensor> tensors() {
      return copies.isEmpty() ? source.open(arena) : copies;
    }

    void copy() {
      try (TensorScope _ = TensorScope.open();
          Arena opened = Arena.ofShared()) {
        copies = source.open(opened).stream().map(this::copy).toList();
      }
      state = State.COPIED;
    }

    private StoredTensor copy(StoredTensor tensor) {
      MemorySegment bytes = arena.allocate(tensor.data().byteSize(), 64);
      bytes.copyFrom(tensor.data());
      return new StoredTensor(tensor.name(), tensor.dtype(), tensor.shape(), bytes);
    }

    @Override
    public void close() {
      if (state != State.DONE) {
        state = State.DONE;
        copies = List.of();
        arena.close();
      }
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Part> parts;
  private final boolean lastFirst;
  private final long mostCopied;
  private long copied;

  /// @param sources of the parts, whose owner asks [#beforeUpdate] before it changes one
  /// @param lastFirst whether parts are updated from the last to the first, so that they are read
  ///   in that order
  /// @param mostCopied bytes that copies may take
  public Freeze(List<? extends Source> sources, boolean lastFirst, long mostCopied) {
    this.parts = sources.stream().map(Part::new).toList();
    this.lastFirst = lastFirst;
    this.mostCopied = mostCopied;
  }

  /// The name of the piece that holds a part.
  public static String pieceOf(int part) {
    return String.format(Locale.ROOT, "part-%03d", part);
  }

  @Override
  public int count() {
    return parts.size();
  }

  @Override
  public String name(int piece) {
    return pieceOf(index(piece));
  }

  private int index(int piece) {
    return lastFirst ? parts.size() - 1 - piece : piece;
  }

  @Override
  public void read(int piece, Consumer<List<StoredTensor>> reader) {
    Part part = parts.get(index(piece));
    begin(part, piece);
    try (TensorScope _ = TensorScope.open()) {
      reader.accept(part.tensors());
    } finally {
      done(part);
    }
  }

  private void begin(Part part, int piece) {
    lock.lock();
    try {
      if (part.state == State.DONE) {
        throw new IllegalStateException("a piece is read once: piece=" + name(piece));
      }
      part.state = part.state == State.COPIED ? State.COPIED : State.READING;
    } finally {
      lock.unlock();
    }
  }

  private void done(Part part) {
    lock.lock();
    try {
      if (part.state == State.COPIED) {
        copied -= part.source.bytes();
      }
      part.close();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Returns once a part may be changed, however long that takes: a checkpoint must not be torn.
  public void beforeUpdate(int index) {
    Part part = parts.get(index);
    lock.lock();
    try {
      while (part.state == State.LIVE || part.state == State.READING) {
        if (part.state == State.LIVE && copied + part.source.bytes() <= mostCopied) {
          part.copy();
          copied += part.source.bytes();
        } else {
          changed.awaitUninterruptibly();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /// Returns once the writer no longer reads from the trainer.
  public void awaitDone() {
    lock.lock();
    try {
      while (!isDone()) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Whether the writer no longer reads from the trainer.
  public boolean isDone() {
    lock.lock();
    try {
      return parts.stream().allMatch(part -> part.state == State.DONE);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    IntStream.range(0, parts.size()).forEach(i -> done(parts.get(i)));
  }
}
