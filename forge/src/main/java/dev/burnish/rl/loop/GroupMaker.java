package dev.burnish.rl.loop;

import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.concurrent.Stopped;
import dev.burnish.rl.ledger.GroupEnd;
import dev.burnish.rl.ledger.GroupEnd.Cause;
import dev.burnish.rl.ledger.GroupEnd.Failed;
import dev.burnish.rl.ledger.GroupEnd.Filtered;
import dev.burnish.rl.loop.RolloutSettings.Attempts;
import dev.burnish.rollout.Origin.Dispatch;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.KeyedRandom;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;

/// Makes groups in a bounded number of attempts, each within its deadline.
///
/// An attempt runs on a thread of its own: one that does not answer its interrupt is abandoned, and
/// its result, should there ever be one, belongs to nothing.
final class GroupMaker {
  private final RolloutFunction function;
  private final GroupFilter filter;
  private final Attempts attempts;
  private final long seed;
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  /// The task that all attempts at a group have in common.
  ///
  /// @param first number of the first attempt
  record Task(long position, long step, VersionRange versions, int first) {}

  GroupMaker(RolloutFunction function, GroupFilter filter, Attempts attempts, long seed) {
    this.function = function;
    this.filter = filter;
    this.attempts = attempts;
    this.seed = seed;
  }

  /// Makes a group.
  ///
  /// @param again is told the position before each further attempt
  /// @throws Stopped if the process was asked to end
  /// @throws InterruptedException if this thread is interrupted; the attempt is then, too
  Outcome make(Task task, LongConsumer again) throws InterruptedException {
    int numRedraws = 0;
    for (int attempt = task.first(); ; attempt++) {
      Slot slot =
          new Slot(
              task.position(),
              task.step(),
              seed(task.position(), numRedraws),
              task.versions(),
              attempt);
      Failure failure;
      try {
        return judge(slot, within(attempts.deadline(), slot));
      } catch (TimeoutException e) {
        failure = new Failure(timedOut(slot), 0);
      } catch (ExecutionException e) {
        failure = failure(e.getCause() == null ? e : e.getCause());
      }
      if (attempt >= attempts.most()) {
        return new Outcome.Ended(failure.end());
      }
      numRedraws += failure.redraws();
      again.accept(task.position());
    }
  }

  /// The failure of an attempt.
  ///
  /// @param redraws 1 if the next attempt must draw something else, as this one would fail again
  private record Failure(Failed end, int redraws) {}

  private static Failure failure(Throwable thrown) {
    return switch (thrown) {
      case Stopped e -> throw e;
      case Error e -> throw e;
      default -> new Failure(Failures.of(thrown), Failures.isOfTheSystem(thrown) ? 0 : 1);
    };
  }

  private Failed timedOut(Slot slot) {
    return new Failed(
        Cause.TIMEOUT,
        "a group must be made within rollouts.deadline=%s: position=%d attempt=%d"
            .formatted(attempts.deadline(), slot.position(), slot.attempt()));
  }

  private Outcome judge(Slot slot, ScoredGroup group) {
    Optional<GroupEnd> rejected = filter.reject(group).map(Filtered::new);
    return rejected
        .<Outcome>map(Outcome.Ended::new)
        .orElseGet(
            () -> new Outcome.Finished(group.with(new Dispatch(slot.position(), slot.attempt()))));
  }

  private long seed(long position, int numRedraws) {
    long first = KeyedRandom.bits(seed, "rollouts", position);
    return numRedraws == 0 ? first : KeyedRandom.bits(first, "redraw", numRedraws);
  }

  private ScoredGroup within(Duration deadline, Slot slot)
      throws InterruptedException, ExecutionException, TimeoutException {
    FutureTask<ScoredGroup> task = new FutureTask<>(() -> function.make(slot));
    Thread thread =
        Thread.ofVirtual()
            .name("rollout-%d/%d".formatted(slot.position(), slot.attempt()))
            .unstarted(ContextPropagation.wrap(() -> run(task)));
    running.add(thread);
    thread.start();
    try {
      return task.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      task.cancel(true);
    }
  }

  private void run(FutureTask<ScoredGroup> task) {
    try {
      task.run();
    } finally {
      running.remove(Thread.currentThread());
    }
  }

  /// Waits until all attempts have ended that were interrupted, at most until a time.
  ///
  /// @param until by [System#nanoTime]
  void join(long until) throws InterruptedException {
    join(running, until);
  }

  static void join(Collection<Thread> threads, long until) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
    }
  }
}
