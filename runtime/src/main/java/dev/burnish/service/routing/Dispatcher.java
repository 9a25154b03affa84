package dev.burnish.service.routing;

import dev.burnish.link.CallChain;
import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.routing.Queueing.Overflow;
import dev.burnish.service.routing.Request.Affinity;
import dev.burnish.service.routing.Selection.Choice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;

/// Gives each call of this process a replica, on the caller's thread.
///
/// One queue for all replicas: what waits goes to whichever is free first, so nothing has to be
/// moved when one is lost. Only calls of a key or a session wait for a certain replica, in a queue
/// of its lane; when it is lost, those of a key are placed anew and those of a session are told.
///
/// Between any two operations no lane has a free slot while a call waits that it could take.
/// Thread-safe.
public final class Dispatcher<X> {
  private final String name;
  private final Queueing queueing;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<Lane<X>> lanes = new HashSet<>();
  private final TreeSet<Waiter<X>> queue = new TreeSet<>();
  private final Losses losses = new Losses();
  private final Sessions<X> sessions = new Sessions<>(lock, changed);
  private final Selection<X> selection;
  private final Intake intake;
  private volatile IntSupplier coming = () -> 0;
  private int numQueued;
  private long nextSequence;

  /// Without replicas.
  ///
  /// @param name of the service, for messages
  public Dispatcher(String name, Queueing queueing, Router router, Clock clock) {
    this.name = name;
    this.queueing = queueing;
    this.selection = new Selection<>(router, queueing.concurrency());
    this.intake = new Intake(name, losses);
    this.clock = clock;
  }

  /// Where it is known how many replicas are being started: a call may wait for those.
  public void coming(IntSupplier numComing) {
    coming = numComing;
  }

  /// Takes a slot of a replica for a call; waits for one until the deadline. To be released.
  ///
  /// @throws Overloaded if the queue is full
  /// @throws CallTimedOut if the deadline passes
  /// @throws CallCancelled if the thread is interrupted, which stays set
  /// @throws ReplicaLost if the service has stopped or no replica will come back
  /// @throws BindingLost if the call is of a session whose replica is lost
  /// @throws IllegalStateException if all slots wait for what this call is part of
  public Lane<X> acquire(Request<X> request) {
    Waiter<X> waiter;
    boolean mayCircle = !CallChain.current().isEmpty() && coming.getAsInt() == 0;
    lock.lock();
    try {
      checkIntake();
      switch (selection.choose(request.affinity())) {
        case Choice.Take<X>(Lane<X> lane) -> {
          return take(lane, request);
        }
        case Choice<X> wait -> {
          if (mayCircle) {
            selection.checkCircle(request.what(), wait);
          }
          waiter = enqueue(request, wait);
        }
      }
    } finally {
      lock.unlock();
    }
    return await(waiter);
  }

  /// Has a call made to a certain replica beside all others, whether it has a free slot or not. To
  /// be released.
  ///
  /// @throws ReplicaLost if the replica has left: it may not have what the others have
  public void enter(Lane<X> lane) {
    lock.lock();
    try {
      if (lane.isGone()) {
        throw new ReplicaLost(
            "the replica has left its service: service=%s replica=%d%s"
                .formatted(name, lane.replica(), losses.text()));
      }
      lane.numInFlight++;
    } finally {
      lock.unlock();
    }
  }

  /// Ends [#acquire] or [#enter].
  public void release(Lane<X> lane) {
    lock.lock();
    try {
      lane.numInFlight--;
      serve(lane);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// A replica takes calls.
  public void join(Lane<X> lane) {
    lock.lock();
    try {
      lanes.add(lane);
      losses.forget(lane.replica());
      intake.hope();
      selection.add(lane);
      place(remove(queue, w -> w.request().affinity() instanceof Affinity.Keyed<X>));
      serve(lane);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// A replica is lost: what waited for it is placed anew, its sessions are told. Does nothing the
  /// second time.
  ///
  /// @return whether it was the first time
  public boolean lose(Lane<X> lane, Loss loss) {
    lock.lock();
    try {
      if (!lanes.remove(lane)) {
        return false;
      }
      losses.note(loss);
      leave(lane, loss);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// A replica gets no calls any more but those of its sessions. Does nothing the second time.
  public void startDraining(Lane<X> lane) {
    lock.lock();
    try {
      if (lanes.contains(lane) && lane.isServing()) {
        lane.state(Lane.State.DRAINING);
        selection.remove(lane);
        place(remove(lane.waiting, w -> w.request().affinity() instanceof Affinity.Keyed<X>));
      }
    } finally {
      lock.unlock();
    }
  }

  /// Whether a replica that drains has no call and no session any more.
  public boolean isDrained(Lane<X> lane) {
    lock.lock();
    try {
      return lane.isGone() || (lane.isIdle() && lane.bindings.isEmpty());
    } finally {
      lock.unlock();
    }
  }

  /// A replica gets no calls any more but those of its sessions. Waits until it has none and no
  /// session, a time at most, and takes it out.
  public void drain(Lane<X> lane, Duration limit) {
    lock.lock();
    try {
      startDraining(lane);
      long nanos = limit.toNanos();
      while (nanos > 0 && lanes.contains(lane) && !isDrained(lane)) {
        nanos = awaitChange(nanos);
      }
      if (lanes.remove(lane)) {
        leave(
            lane,
            new Loss(lane.replica(), java.time.Instant.now(), "it was removed by scaling down"));
      }
    } finally {
      lock.unlock();
    }
  }

  private void leave(Lane<X> lane, Loss loss) {
    lane.state(Lane.State.GONE);
    selection.remove(lane);
    sessions.lose(lane, loss);
    place(remove(lane.waiting, w -> true));
    changed.signalAll();
  }

  /// No replica will come back by itself: while none is healthy, calls fail.
  public void giveUp() {
    lock.lock();
    try {
      if (selection.healthy().isEmpty() && intake.giveUp()) {
        failAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// A replica is being made that may become healthy: calls wait for it.
  public void hope() {
    lock.lock();
    try {
      intake.hope();
    } finally {
      lock.unlock();
    }
  }

  /// Takes no further calls; what waits may end.
  public void refuse(String why) {
    lock.lock();
    try {
      intake.close(why);
    } finally {
      lock.unlock();
    }
  }

  /// Takes no further calls; waits until those that are there have ended, a time at most; then
  /// fails what still waits.
  public void close(String why, Duration limit) {
    lock.lock();
    try {
      refuse(why);
      long nanos = limit.toNanos();
      while (nanos > 0 && !(numQueued == 0 && lanes.stream().allMatch(Lane::isIdle))) {
        nanos = awaitChange(nanos);
      }
      failAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until so many replicas are healthy.
  ///
  /// @throws CallTimedOut if that takes longer
  /// @throws CallCancelled if the thread is interrupted, which stays set
  /// @throws ReplicaLost if the service has stopped or no replica will come back
  public void awaitHealthy(int count, Duration limit) {
    lock.lock();
    try {
      long nanos = limit.toNanos();
      while (selection.healthy().size() < count) {
        checkIntake();
        if (Thread.currentThread().isInterrupted()) {
          throw new CallCancelled("interrupted while replicas become healthy: service=" + name);
        }
        if (nanos <= 0) {
          throw new CallTimedOut(
              "too few replicas of %s are healthy: healthy=%d wanted=%d limit=%s%s"
                  .formatted(name, selection.healthy().size(), count, limit, losses.text()));
        }
        nanos = awaitChange(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /// The healthy replicas by number.
  public List<Lane<X>> healthy() {
    lock.lock();
    try {
      return selection.healthy();
    } finally {
      lock.unlock();
    }
  }

  /// The replicas that may have calls, by number: those that are healthy, and those that drain.
  public List<Lane<X>> members() {
    lock.lock();
    try {
      return lanes.stream().sorted(Comparator.comparingInt(Lane::replica)).toList();
    } finally {
      lock.unlock();
    }
  }

  /// Why replicas are not there.
  public Losses losses() {
    return losses;
  }

  /// The sessions of this process.
  public Sessions<X> sessions() {
    return sessions;
  }

  /// What everybody is doing.
  public Load load() {
    lock.lock();
    try {
      return new Load(
          numQueued,
          lanes.stream().mapToInt(Lane::numInFlight).sum(),
          selection.numSlots(),
          sessions.size(),
          lanes.stream()
              .sorted(Comparator.comparingInt(Lane::replica))
              .map(lane ->
                  new Load.OfReplica(
                      lane.replica(), lane.numInFlight(), lane.numQueued(), lane.numSessions()))
              .toList());
    } finally {
      lock.unlock();
    }
  }

  private void checkIntake() {
    intake.check(selection.healthy().isEmpty());
  }

  private Lane<X> take(Lane<X> lane, Request<X> request) {
    lane.numInFlight++;
    if (request.affinity() instanceof Affinity.Bound<X>(Binding<X> binding)) {
      sessions.bind(binding, lane);
    }
    return lane;
  }

  private Waiter<X> enqueue(Request<X> request, Choice<X> choice) {
    if (queueing.overflow() == Overflow.REJECT && numQueued >= queueing.capacity()) {
      throw new Overloaded(
          "the queue of service %s is full: call=%s capacity=%d; call later, or raise service.capacity"
              .formatted(name, request.what(), queueing.capacity()));
    }
    Waiter<X> waiter = new Waiter<>(request, nextSequence++);
    queue(waiter, choice);
    return waiter;
  }

  private void queue(Waiter<X> waiter, Choice<X> choice) {
    switch (choice) {
      case Choice.Take<X>(Lane<X> lane) -> waiter.grant(take(lane, waiter.request()));
      case Choice.WaitFor<X>(Lane<X> lane) -> {
        lane.waiting.add(waiter);
        numQueued++;
      }
      case Choice.WaitForAny<X> _ -> {
        queue.add(waiter);
        numQueued++;
      }
    }
  }

  /// Has calls that waited wait anew, or go.
  private void place(List<Waiter<X>> waiters) {
    for (Waiter<X> waiter : waiters) {
      try {
        queue(waiter, selection.choose(waiter.request().affinity()));
      } catch (RuntimeException e) {
        waiter.fail(e);
      }
    }
  }

  private List<Waiter<X>> remove(
      Set<Waiter<X>> from, java.util.function.Predicate<Waiter<X>> which) {
    List<Waiter<X>> removed = from.stream().filter(which).toList();
    removed.forEach(from::remove);
    numQueued -= removed.size();
    return removed;
  }

  /// Gives the free slots of a lane to whom waits.
  private void serve(Lane<X> lane) {
    while (!lane.isGone() && selection.isFree(lane)) {
      Optional<Waiter<X>> next = lane.next(queue);
      if (next.isEmpty()) {
        return;
      }
      Waiter<X> waiter = next.get();
      if (!lane.waiting.remove(waiter)) {
        queue.remove(waiter);
      }
      numQueued--;
      if (waiter.request().deadline() - clock.nanos() <= 0) {
        waiter.fail(late(waiter.request()));
      } else if (isBoundElsewhere(waiter, lane)) {
        place(List.of(waiter));
      } else {
        waiter.grant(take(lane, waiter.request()));
      }
    }
  }

  /// Two calls of a session waited for any replica; the first has bound it.
  private static <X> boolean isBoundElsewhere(Waiter<X> waiter, Lane<X> lane) {
    return waiter.request().affinity() instanceof Affinity.Bound<X>(Binding<X> binding)
        && binding.lane.isPresent()
        && !binding.lane.get().equals(lane);
  }

  private Lane<X> await(Waiter<X> waiter) {
    while (true) {
      Optional<Lane<X>> granted = waiter.outcome();
      if (granted.isPresent()) {
        return granted.get();
      }
      long left = waiter.request().deadline() - clock.nanos();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        return withdraw(waiter);
      }
      LockSupport.parkNanos(this, left);
    }
  }

  /// The caller waits no more: what has happened meanwhile counts.
  private Lane<X> withdraw(Waiter<X> waiter) {
    lock.lock();
    try {
      boolean waited = queue.remove(waiter);
      for (Lane<X> lane : lanes) {
        waited |= lane.waiting.remove(waiter);
      }
      if (!waited) {
        return waiter.outcome().orElseThrow();
      }
      numQueued--;
      changed.signalAll();
      if (Thread.currentThread().isInterrupted()) {
        throw new CallCancelled("the caller was interrupted: call=" + waiter.request().what());
      }
      throw late(waiter.request());
    } finally {
      lock.unlock();
    }
  }

  private CallTimedOut late(Request<X> request) {
    return new CallTimedOut(
        selection.healthy().isEmpty()
            ? "no replica of service %s was healthy before the deadline: call=%s%s"
                .formatted(name, request.what(), losses.text())
            : "the deadline passed in the queue of service %s: call=%s healthy=%d queued=%d"
                .formatted(name, request.what(), selection.healthy().size(), numQueued));
  }

  private void failAll() {
    List<Waiter<X>> waiters = new ArrayList<>(remove(queue, w -> true));
    lanes.forEach(lane -> waiters.addAll(remove(lane.waiting, w -> true)));
    for (Waiter<X> waiter : waiters) {
      try {
        checkIntake();
      } catch (ReplicaLost e) {
        waiter.fail(e);
      }
    }
    changed.signalAll();
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private long awaitChange(long nanos) {
    try {
      return changed.awaitNanos(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }
}
