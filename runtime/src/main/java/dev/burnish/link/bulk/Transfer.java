package dev.burnish.link.bulk;

import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// The requests to one peer that are under way: its lanes take requests, and give back those that a
/// lost connection has not answered. Thread-safe.
final class Transfer {
  private final BulkPeer peer;
  private final List<Lane> lanes;
  private final BulkSettings settings;
  private final Group group;
  private final List<Thread> threads = new ArrayList<>();
  private final Deque<BulkReader.Wanted> waiting;
  private final CountDownLatch over = new CountDownLatch(1);
  private final int numWanted;
  private int numMissing;
  private volatile long progress = System.nanoTime();
  private volatile long heard = progress;
  private @Nullable CallFailure failure;

  /// The transfers of one reading: it has ended when all their threads have.
  static final class Group {
    private final CountDownLatch ended;
    private int numThreads = 1;
    private @Nullable Throwable thrown;

    Group(CountDownLatch ended) {
      this.ended = ended;
    }

    synchronized void begin() {
      numThreads++;
    }

    synchronized void end() {
      numThreads--;
      if (numThreads == 0) {
        ended.countDown();
      }
    }

    /// All threads have begun.
    void opened() {
      end();
    }

    synchronized void fail(Throwable cause) {
      if (thrown == null) {
        thrown = cause;
      }
    }

    synchronized void rethrow() {
      switch (thrown) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException("reading throws nothing else", thrown);
      }
    }
  }

  Transfer(
      BulkPeer peer,
      List<BulkReader.Wanted> wanted,
      List<Lane> lanes,
      BulkSettings settings,
      Group group) {
    this.peer = peer;
    this.lanes = lanes;
    this.settings = settings;
    this.group = group;
    this.waiting = new ArrayDeque<>(wanted);
    this.numWanted = wanted.size();
    this.numMissing = numWanted;
  }

  BulkPeer peer() {
    return peer;
  }

  CountDownLatch over() {
    return over;
  }

  void start() {
    for (Lane lane : lanes) {
      group.begin();
      threads.add(Thread.ofPlatform().daemon().name(lane.name()).start(() -> run(lane)));
    }
  }

  private void run(Lane lane) {
    try {
      lane.read(this);
    } catch (CallFailure e) {
      giveUp(e);
    } catch (Throwable e) {
      group.fail(e);
      end();
    } finally {
      group.end();
    }
  }

  /// The next request; empty if there is none, for now.
  synchronized Optional<BulkReader.Wanted> take() {
    return isOver() ? Optional.empty() : Optional.ofNullable(waiting.poll());
  }

  /// Requests that were not answered, in their order.
  synchronized void giveBack(Deque<BulkReader.Wanted> unanswered) {
    for (Iterator<BulkReader.Wanted> last = unanswered.descendingIterator(); last.hasNext(); ) {
      waiting.addFirst(last.next());
    }
    unanswered.clear();
  }

  synchronized void arrived() {
    numMissing--;
    progress = System.nanoTime();
    if (numMissing == 0) {
      over.countDown();
    }
  }

  /// The peer lives, and waits for bytes itself.
  void heard() {
    heard = System.nanoTime();
  }

  boolean isOver() {
    return over.getCount() == 0;
  }

  private boolean isStalled() {
    long now = System.nanoTime();
    return Math.min(now - progress, now - heard) > settings.patience().toNanos()
        || now - progress > settings.patienceWithRelays().toNanos();
  }

  void giveUpIfStalled() {
    if (!isOver() && isStalled()) {
      giveUp(
          new CallTimedOut(
              "bytes must come in time: peer=%s address=%s what=%s missing=%d of %d bulk.patience=%s; see whether the peer or the network is stalled"
                  .formatted(
                      peer,
                      peer.address(),
                      nextMissing(),
                      missing(),
                      numWanted,
                      settings.patience())));
    }
  }

  /// @param cause of the last of several losses without any answer between
  ReplicaLost lost(int times, Throwable cause) {
    return new ReplicaLost(
        "connections to a peer must last: peer=%s address=%s what=%s missing=%d of %d losses=%d (%s)"
            .formatted(peer, peer.address(), nextMissing(), missing(), numWanted, times, cause),
        cause);
  }

  private synchronized int missing() {
    return numMissing;
  }

  private synchronized String nextMissing() {
    return waiting.isEmpty() ? "the last requests" : waiting.getFirst().what();
  }

  private void giveUp(CallFailure cause) {
    synchronized (this) {
      if (isOver()) {
        return;
      }
      failure = cause;
    }
    end();
  }

  synchronized Optional<CallFailure> failure() {
    return Optional.ofNullable(failure);
  }

  /// Ends all threads that have not ended: their connections are closed.
  void end() {
    over.countDown();
    if (missing() > 0) {
      threads.forEach(Thread::interrupt);
      lanes.forEach(Lane::close);
    }
  }
}
