package dev.burnish.actor;

import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.actor.Supervisor.Place;
import dev.burnish.concurrent.Thrown;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.ReplicaLost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/// How an actor ends, at most once: because it is stopped, or because it failed. Its calls end,
/// then what it owns, then the actor itself; each has a bounded time. Then nothing is kept of it.
final class Lifecycle {
  private static final System.Logger LOG = System.getLogger(Lifecycle.class.getName());

  /// Lines of a stack trace that the owner receives.
  private static final int TRACE = 40;

  private final ActorCell cell;
  private final Supervisor supervisor;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final List<Runnable> atEnd = new ArrayList<>();
  private final AtomicBoolean begun = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean failed;
  private volatile Optional<ReplicaLost> gone = Optional.empty();

  Lifecycle(ActorCell cell, Supervisor supervisor) {
    this.cell = cell;
    this.supervisor = supervisor;
  }

  /// Why the actor takes no calls, once it takes none.
  Optional<ReplicaLost> gone() {
    return gone;
  }

  /// Whether it ends because it failed.
  boolean hasFailed() {
    return failed;
  }

  void own(AutoCloseable closeable) {
    synchronized (owned) {
      owned.add(closeable);
    }
  }

  @SuppressWarnings("ReferenceEquality") // a user's equals is not asked
  void disown(AutoCloseable closeable) {
    synchronized (owned) {
      owned.removeIf(each -> each == closeable);
    }
  }

  /// Runs an action when the actor has ended: at once if it has.
  void atEnd(Runnable action) {
    synchronized (atEnd) {
      if (ended.getCount() > 0) {
        atEnd.add(action);
        return;
      }
    }
    action.run();
  }

  /// Ends the actor: its calls, then what it owns, then itself. Waits a bounded time; a second call
  /// waits for the first.
  void stop(String reason) {
    if (begun.compareAndSet(false, true)) {
      end(new ReplicaLost("actor %s was stopped: %s".formatted(cell.title(), reason)));
    } else {
      await(ended, System.nanoTime() + cell.system().settings().stopped().toNanos());
    }
  }

  private void end(ReplicaLost why) {
    gone = Optional.of(why);
    long deadline = System.nanoTime() + cell.system().settings().stopping().toNanos();
    try {
      cutCalls();
      CountDownLatch idle = new CountDownLatch(1);
      cell.turn().add(idle::countDown);
      if (!await(idle, deadline) || !awaitNoneRunning(deadline)) {
        LOG.log(System.Logger.Level.WARNING, "actor {0} does not end its call", cell.title());
      }
    } finally {
      close();
    }
  }

  /// Fails the actor, once.
  void die(String reason, Optional<Throwable> cause) {
    if (!begun.compareAndSet(false, true)) {
      return;
    }
    failed = true;
    String message = "actor %s has failed: %s".formatted(cell.title(), reason);
    gone =
        Optional.of(
            cause.map(c -> new ReplicaLost(message, c)).orElseGet(() -> new ReplicaLost(message)));
    LOG.log(System.Logger.Level.DEBUG, message);
    try {
      supervisor.failed(
          new Failure(place(), reason, cause.map(c -> Thrown.trace(c, TRACE)).orElse(List.of())));
    } finally {
      cell.system()
          .execute(
              cell.title() + "/end",
              () -> {
                cutCalls();
                close();
              });
    }
  }

  /// Interrupts the calls that run. Those that wait are answered now: one that runs may never end.
  void cutCalls() {
    cell.running().forEach(Execution::cut);
    cell.turn()
        .removeQueued(Execution.class)
        .forEach(execution -> execution.refuse(gone.orElseThrow()));
  }

  /// Closes what the actor owns and the actor itself, and removes it.
  private void close() {
    try {
      closeOwned();
      cell.actor()
          .map(ActorCell.Actor::instance)
          .filter(AutoCloseable.class::isInstance)
          .ifPresent(instance -> closeInTime("close", (AutoCloseable) instance));
    } finally {
      cell.system().remove(cell.spec().number(), cell);
      ended();
    }
  }

  private void ended() {
    List<Runnable> actions;
    synchronized (atEnd) {
      ended.countDown();
      actions = List.copyOf(atEnd);
      atEnd.clear();
    }
    actions.forEach(Runnable::run);
  }

  private Place place() {
    return new Place(
        cell.spec().name(),
        cell.spec().point(),
        cell.system().self().process(),
        cell.system().self().host());
  }

  private void closeOwned() {
    List<AutoCloseable> closing;
    synchronized (owned) {
      closing = List.copyOf(owned);
      owned.clear();
    }
    cell.system().closing(cell.system().settings().stopped()).lastFirst(cell.title(), closing);
  }

  /// On a thread of its own, for a bounded time.
  private void closeInTime(String name, AutoCloseable closeable) {
    CountDownLatch closed = new CountDownLatch(1);
    Thread thread =
        Thread.ofVirtual()
            .name(cell.title() + "/" + name)
            .start(() -> {
              try {
                cell.runBound(() -> close(closeable));
              } finally {
                closed.countDown();
              }
            });
    if (!await(closed, System.nanoTime() + cell.system().settings().stopping().toNanos())) {
      LOG.log(System.Logger.Level.WARNING, "actor {0} does not close", cell.title());
      thread.interrupt();
    }
  }

  private void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Throwable e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "actor {0} failed to close: {1}",
          cell.title(),
          Thrown.text(e));
    }
  }

  private boolean awaitNoneRunning(long deadline) {
    for (Execution execution : cell.running()) {
      if (!execution.awaitDone(deadline)) {
        return false;
      }
    }
    return true;
  }

  private static boolean await(CountDownLatch latch, long deadline) {
    try {
      return Waits.await(latch, Duration.ofNanos(deadline - System.nanoTime()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
