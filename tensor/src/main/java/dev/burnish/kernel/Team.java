package dev.burnish.kernel;

import dev.burnish.tensor.Libtorch;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A fixed set of platform threads that run the pieces of one parallel operation at a time; the
/// caller is one of them.
///
/// Idea: what a piece computes never depends on which thread runs it, so neither does a result.
/// Each thread begins with pieces of its own and then takes what others left, so that many threads
/// do not queue for one counter and a thread that the system delays delays only the piece it is at.
/// The members wait for the next operation by spinning for some microseconds, since a training step
/// has hundreds of them in a row, and then park; those that are parked wake each other, each at
/// most two. Invariants: a piece is claimed once; a member adds to its count of finished pieces
/// after the piece; the caller returns only when the counts add up to all pieces. Callers of
/// different threads take turns.
public final class Team {
  private static final int SPINS = 4_000;

  /// Turns of waiting for the last pieces before the caller offers its processor to their threads.
  private static final int SPINS_TO_YIELD = 1_000;

  /// Pieces of an operation whose result depends on how it is cut: by shape alone, enough to even
  /// out two to four threads of a busy machine.
  static final int MOST_PIECES = 16;

  private static final class Shared {
    static final Team TEAM = new Team(Libtorch.threadsFromEnvironment());
  }

  /// One operation. Seat 0 is the caller's; as many seats take part as there are pieces.
  private static final class Work {
    /// Ints of a cache line, of which each counter has two: processors fetch them in pairs.
    private static final int LINE = 32;

    final int pieces;
    final int seats;
    final Seated body;
    private final AtomicIntegerArray claimed;
    private final AtomicIntegerArray finished;
    volatile @Nullable Throwable failure;

    Work(int pieces, int seats, Seated body) {
      this.pieces = pieces;
      this.seats = seats;
      this.body = body;
      claimed = new AtomicIntegerArray(seats * LINE);
      finished = new AtomicIntegerArray(seats * LINE);
    }

    private int start(int seat) {
      return (int) ((long) pieces * seat / seats);
    }

    /// Runs the pieces of a seat, then those that others have left.
    void help(int seat) {
      for (int i = 0; i < seats; i++) {
        int owner = (seat + i) % seats;
        int count = start(owner + 1) - start(owner);
        while (claimed.get(owner * LINE) < count) {
          int next = claimed.getAndIncrement(owner * LINE);
          if (next < count) {
            run(start(owner) + next, seat);
          }
        }
      }
    }

    private void run(int piece, int seat) {
      try {
        body.run(piece, seat);
      } catch (Throwable t) {
        failure = t;
      } finally {
        finished.setRelease(seat * LINE, finished.getPlain(seat * LINE) + 1);
      }
    }

    boolean isFinished() {
      int sum = 0;
      for (int seat = 0; seat < seats; seat++) {
        sum += finished.getAcquire(seat * LINE);
      }
      return sum == pieces;
    }
  }

  /// A thread that waits for work.
  private final class Member {
    private final int seat;
    private final Thread thread;
    private volatile boolean parked;

    Member(int seat) {
      this.seat = seat;
      thread = Thread.ofPlatform().name("kernel-" + seat).daemon().unstarted(this::serve);
    }

    private void serve() {
      Work last = null;
      while (true) {
        Work current = next(last);
        wake(current, seat);
        if (seat < current.seats) {
          current.help(seat);
        }
        last = current;
      }
    }

    private Work next(@Nullable Work last) {
      for (int spin = 0; ; spin++) {
        Work current = work;
        if (current != null && current != last) {
          return current;
        }
        if (spin < SPINS) {
          Thread.onSpinWait();
        } else {
          park(last);
        }
      }
    }

    private void park(@Nullable Work last) {
      parked = true;
      Work current = work; // whoever writes it reads `parked` afterwards
      if (current == null || current == last) {
        LockSupport.park(Team.this);
      }
      parked = false;
    }
  }

  /// Computes a piece on one of the threads.
  @FunctionalInterface
  interface Seated {
    /// @param seat of the thread, from 0 to [#size] - 1: no two pieces run on one at a time
    void run(int piece, int seat);
  }

  private final List<Member> members;
  private final ReentrantLock turn = new ReentrantLock();
  private volatile @Nullable Work work;

  /// @param size threads in all, the caller included
  public Team(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("a team has at least one thread: size=" + size);
    }
    members = IntStream.range(1, size).mapToObj(Member::new).toList();
    members.forEach(member -> member.thread.start());
  }

  /// The team of this process, as large as the process was given threads.
  public static Team shared() {
    return Shared.TEAM;
  }

  public int size() {
    return members.size() + 1;
  }

  /// Runs `body` for each piece from 0 to `pieces` - 1 and returns when all are done. Pieces may
  /// run at the same time and in any order. What a piece throws is thrown here.
  public void run(int pieces, IntConsumer body) {
    runSeated(pieces, (piece, _) -> body.accept(piece));
  }

  /// [#run] for pieces that use memory of their thread.
  void runSeated(int pieces, Seated body) {
    if (pieces <= 1 || members.isEmpty() || turn.isHeldByCurrentThread()) {
      for (int piece = 0; piece < pieces; piece++) {
        body.run(piece, 0);
      }
      return;
    }
    turn.lock();
    try {
      Work current = new Work(pieces, Math.min(pieces, size()), body);
      work = current;
      wake(current, 0);
      current.help(0);
      await(current);
      work = null;
      Throwable failure = current.failure;
      if (failure != null) {
        throw new IllegalStateException("a kernel failed: " + failure, failure);
      }
    } finally {
      turn.unlock();
    }
  }

  private static void await(Work current) {
    for (int spin = 0; !current.isFinished(); spin++) {
      if (spin < SPINS_TO_YIELD) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  /// Wakes the two members below a seat, who wake those below them.
  private void wake(Work current, int seat) {
    for (int below = 2 * seat + 1; below <= 2 * seat + 2 && below < current.seats; below++) {
      Member member = members.get(below - 1);
      if (member.parked) {
        LockSupport.unpark(member.thread);
      }
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
}
