package dev.burnish.kernel;

import dev.burnish.tensor.Libtorch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A fixed set of platform threads that run the pieces of one parallel operation at a time; the
/// caller is one of them.
///
/// Idea: a kernel is cut into pieces by shape, never by thread count, so its result does not depend
/// on which thread ran which piece. The members wait for the next operation by spinning for some
/// microseconds, since a training step has hundreds of them in a row, and then park. Invariants:
/// `work` is written before `generation`; a member leaves an operation only after it found no piece
/// left; the caller returns only when every piece is finished. Callers of different threads take
/// turns.
public final class Team {
  private static final int SPINS = 4_000;

  /// Enough pieces to even out two to four threads of a busy machine.
  static final int MOST_PIECES = 16;

  private static final class Shared {
    static final Team TEAM = new Team(Libtorch.threadsFromEnvironment());
  }

  private static final class Work {
    final int pieces;
    final IntConsumer body;
    final AtomicInteger next = new AtomicInteger();
    final AtomicInteger unfinished;
    volatile @Nullable Throwable failure;

    Work(int pieces, IntConsumer body) {
      this.pieces = pieces;
      this.body = body;
      this.unfinished = new AtomicInteger(pieces);
    }

    void help() {
      for (int piece = next.getAndIncrement(); piece < pieces; piece = next.getAndIncrement()) {
        try {
          body.accept(piece);
        } catch (Throwable t) {
          failure = t;
        } finally {
          unfinished.decrementAndGet();
        }
      }
    }
  }

  private final Thread[] members;
  private final ReentrantLock turn = new ReentrantLock();
  private volatile @Nullable Work work;

  /// @param size threads in all, the caller included
  public Team(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("a team has at least one thread: size=" + size);
    }
    members = new Thread[size - 1];
    for (int i = 0; i < members.length; i++) {
      members[i] = Thread.ofPlatform().name("kernel-" + (i + 1)).daemon().start(this::serve);
    }
  }

  /// The team of this process, as large as the process was given threads.
  public static Team shared() {
    return Shared.TEAM;
  }

  public int size() {
    return members.length + 1;
  }

  /// Runs `body` for each piece from 0 to `pieces` - 1 and returns when all are done. Pieces may
  /// run at the same time and in any order. What a piece throws is thrown here.
  public void run(int pieces, IntConsumer body) {
    if (pieces <= 1 || members.length == 0 || turn.isHeldByCurrentThread()) {
      for (int piece = 0; piece < pieces; piece++) {
        body.accept(piece);
      }
      return;
    }
    turn.lock();
    try {
      Work current = new Work(pieces, body);
      work = current;
      for (Thread member : members) {
        LockSupport.unpark(member);
      }
      current.help();
      while (current.unfinished.get() > 0) {
        Thread.onSpinWait();
      }
      work = null;
      if (current.failure != null) {
        throw new IllegalStateException("a kernel failed: " + current.failure, current.failure);
      }
    } finally {
      turn.unlock();
    }
  }

  /// Runs `body(from, to)` over ranges that cover `[0, count)`, each at least `grain` long where
  /// there are that many.
  public void ranges(int count, int grain, Range body) {
    int pieces = Math.clamp(count / Math.max(1, grain), 1, MOST_PIECES);
    run(
        pieces,
        piece ->
            body.accept(
                (int) ((long) count * piece / pieces),
                (int) ((long) count * (piece + 1) / pieces)));
  }

  /// A half-open range of indices.
  @FunctionalInterface
  public interface Range {
    void accept(int from, int to);
  }

  private void serve() {
    Work last = null;
    while (true) {
      Work current = work;
      for (int spin = 0; (current == null || current == last) && spin < SPINS; spin++) {
        Thread.onSpinWait();
        current = work;
      }
      if (current == null || current == last) {
        LockSupport.park(this);
      } else {
        last = current;
        current.help();
      }
    }
  }
}
