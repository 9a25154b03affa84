package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.VersionRange;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/// One call of a [QueuedGenerator]: its groups, and the caller who waits for them.
final class Call {
  private final List<GroupTask> tasks;
  private final VersionRange versions;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean cancelled;
  private volatile boolean aborted;

  Call(List<GroupTask> tasks, VersionRange versions) {
    this.tasks = List.copyOf(tasks);
    this.versions = versions;
  }

  List<GroupTask> tasks() {
    return tasks;
  }

  /// The versions that may sample its tokens.
  VersionRange versions() {
    return versions;
  }

  /// Waits, in the caller's thread, for the groups.
  ///
  /// @throws RuntimeException the failure of the first group that failed
  /// @throws CancellationException if the caller is interrupted, which stays set
  List<Group> await() {
    try {
      Waits.await(ended);
      return tasks.stream().map(GroupTask::group).toList();
    } catch (NonFiniteLogitsException e) {
      throw new IllegalArgumentException(
          e.getMessage()
              + "; the published weights hold NaN or an infinity, or a product overflowed",
          e);
    } catch (InterruptedException e) {
      cancelled = true;
      Thread.currentThread().interrupt();
      throw (CancellationException)
          new CancellationException("interrupted while waiting for groups: groups=" + tasks.size())
              .initCause(e);
    }
  }

  /// Ends it with what there is, once the thread that generates sees it.
  void abort() {
    aborted = true;
  }

  boolean isDone() {
    return ended.getCount() == 0;
  }

  /// Ends the call if nothing is left to sample or nobody waits any more; returns whether it is
  /// over.
  boolean settle() {
    if (cancelled) {
      fail(new CancellationException("the caller has left"));
    }
    if (aborted) {
      tasks.forEach(GroupTask::abort);
    }
    boolean over = tasks.stream().allMatch(GroupTask::ended);
    if (over) {
      ended.countDown();
    }
    return over;
  }

  /// Ends what has not ended, with that failure.
  void fail(RuntimeException failure) {
    tasks.stream().filter(task -> !task.ended()).forEach(task -> task.fail(failure));
    ended.countDown();
  }
}
