package dev.burnish.service.routing;

import dev.burnish.concurrent.Waits;
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
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;

/// Gives each call of this process a replica, on the caller's thread.
///
/// One queue for all replicas: what waits goes to whichever is free first, so nothing has to be
/// moved when one is lost. Only calls of a key or a session wait for a certain replica, in a queue
/// of its slot; when it is lost, those of a key are placed anew and those of a session are told.
///
/// Between any two operations no replica has a free permit while a call waits that it could take.
/// Thread-safe.
public final class Dispatcher<X> {
  private final String name;
  private final Queueing queueing;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<ReplicaSlot<X>> slots = new HashSet<>();
  private final TreeSet<Waiter<X>> queue = new TreeSet<>();
  private final FailureLog failures = new FailureLog();
  private final Sessions<X> sessions = new Sessions<>(lock, changed);
  private final Selection<X> selection;
  private final Admission admission;
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
    this.admission = new Admission(name, failures);
    this.clock = clock;
  }

  /// Where it is known how many replicas are being started: a call may wait for those.
  public void coming(IntSupplier numComing) {
    coming = numComing;
  }

  /// Takes a permit of a replica for a call; waits for one until the deadline. The caller must
  /// release it.
  ///
  /// @throws Overloaded if the queue is full
  /// @throws CallTimedOut if the deadline passes
  /// @throws CallCancelled if the thread is interrupted, which stays set
  /// @throws ReplicaLost if the service has stopped or no replica will come back
  /// @throws BindingLost if the call is of a session whose replica is lost
  /// @throws IllegalStateException if all permits are held by calls that wait for what this call is
  ///   part of
  public ReplicaSlot<X> acquire(Request<X> request) {
    Waiter<X> waiter;
    boolean mayCircle = !CallChain.current().isEmpty() && coming.getAsInt() == 0;
    lock.lock();
    try {
      checkAdmission();
      switch (selection.choose(request.affinity())) {
        case Choice.Take<X>(ReplicaSlot<X> slot) -> {
          return take(slot, request);
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

  /// Has a call made to a certain replica beside all others, whether it has a free permit or not.
  /// To be released.
  ///
  /// @throws ReplicaLost if the replica has left: it may not have what the others have
  public void enter(ReplicaSlot<X> slot) {
    lock.lock();
    try {
      if (slot.isGone()) {
        throw new ReplicaLost(
            "the replica has left its service: service=%s replica=%d%s"
                .formatted(name, slot.replica(), failures.text()));
      }
      slot.numInFlight++;
    } finally {
      lock.unlock();
    }
  }

  /// Ends [#acquire] or [#enter].
  public void release(ReplicaSlot<X> slot) {
    lock.lock();
    try {
      slot.numInFlight--;
      serve(slot);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// A replica takes calls.
  public void join(ReplicaSlot<X> slot) {
    lock.lock();
    try {
      slots.add(slot);
      failures.forget(slot.replica());
      admission.hope();
      selection.add(slot);
      place(remove(queue, w -> w.request().affinity() instanceof Affinity.Keyed<X>));
      serve(slot);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// A replica is lost: what waited for it is placed anew, its sessions are told. Does nothing the
  /// second time.
  ///
  /// @return whether it was the first time
  public boolean lose(ReplicaSlot<X> slot, ReplicaFailure failure) {
    lock.lock();
    try {
      if (!slots.remove(slot)) {
        return false;
      }
      failures.note(failure);
      leave(slot, failure);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// A replica gets no calls any more but those of its sessions. Does nothing the second time.
  public void startDraining(ReplicaSlot<X> slot) {
    lock.lock();
    try {
      if (slots.contains(slot) && slot.isServing()) {
        slot.state(ReplicaSlot.State.DRAINING);
        selection.remove(slot);
        place(remove(slot.waiting, w -> w.request().affinity() instanceof Affinity.Keyed<X>));
      }
    } finally {
      lock.unlock();
    }
  }

  /// Whether a replica that drains has no call and no session any more.
  public boolean isDrained(ReplicaSlot<X> slot) {
    lock.lock();
    try {
      return slot.isGone() || (slot.isIdle() && slot.bindings.isEmpty());
    } finally {
      lock.unlock();
    }
  }

  /// A replica gets no calls any more but those of its sessions. Waits until it has none and no
  /// session, a time at most, and takes it out.
  public void drain(ReplicaSlot<X> slot, Duration limit) {
    lock.lock();
    try {
      startDraining(slot);
      long nanos = limit.toNanos();
      while (nanos > 0 && slots.contains(slot) && !isDrained(slot)) {
        nanos = awaitChange(nanos);
      }
      if (slots.remove(slot)) {
        leave(
            slot,
            new ReplicaFailure(
                slot.replica(), java.time.Instant.now(), "it was removed by scaling down"));
      }
    } finally {
      lock.unlock();
    }
  }

  private void leave(ReplicaSlot<X> slot, ReplicaFailure failure) {
    slot.state(ReplicaSlot.State.GONE);
    selection.remove(slot);
    sessions.lose(slot, failure);
    place(remove(slot.waiting, w -> true));
    changed.signalAll();
  }

  /// No replica will come back by itself: while none is healthy, calls fail.
  public void giveUp() {
    lock.lock();
    try {
      if (selection.healthy().isEmpty() && admission.giveUp()) {
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
      admission.hope();
    } finally {
      lock.unlock();
    }
  }

  /// Takes no further calls; what waits may end.
  public void refuse(String why) {
    lock.lock();
    try {
      admission.close(why);
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
      while (nanos > 0 && !(numQueued == 0 && slots.stream().allMatch(ReplicaSlot::isIdle))) {
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
        checkAdmission();
        if (Thread.currentThread().isInterrupted()) {
          throw new CallCancelled("interrupted while replicas become healthy: service=" + name);
        }
        if (nanos <= 0) {
          throw new CallTimedOut(
              "too few replicas of %s are healthy: healthy=%d wanted=%d limit=%s%s"
                  .formatted(name, selection.healthy().size(), count, limit, failures.text()));
        }
        nanos = awaitChange(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /// The healthy replicas by number.
  public List<ReplicaSlot<X>> healthy() {
    lock.lock();
    try {
      return selection.healthy();
    } finally {
      lock.unlock();
    }
  }

  /// The replicas that may have calls, by number: those that are healthy, and those that drain.
  public List<ReplicaSlot<X>> members() {
    lock.lock();
    try {
      return slots.stream().sorted(Comparator.comparingInt(ReplicaSlot::replica)).toList();
    } finally {
      lock.unlock();
    }
  }

  /// Why replicas are not there.
  public FailureLog failures() {
    return failures;
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
          slots.stream().mapToInt(ReplicaSlot::numInFlight).sum(),
          selection.numPermits(),
          sessions.size(),
          slots.stream()
              .sorted(Comparator.comparingInt(ReplicaSlot::replica))
              .map(slot ->
                  new Load.OfReplica(
                      slot.replica(), slot.numInFlight(), slot.numQueued(), slot.numSessions()))
              .toList());
    } finally {
      lock.unlock();
    }
  }

  private void checkAdmission() {
    admission.check(selection.healthy().isEmpty());
  }

  private ReplicaSlot<X> take(ReplicaSlot<X> slot, Request<X> request) {
    slot.numInFlight++;
    if (request.affinity() instanceof Affinity.Bound<X>(Binding<X> binding)) {
      sessions.bind(binding, slot);
    }
    return slot;
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
      case Choice.Take<X>(ReplicaSlot<X> slot) -> waiter.grant(take(slot, waiter.request()));
      case Choice.WaitFor<X>(ReplicaSlot<X> slot) -> {
        slot.waiting.add(waiter);
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

  /// Gives the free permits of a replica to waiting calls.
  private void serve(ReplicaSlot<X> slot) {
    while (!slot.isGone() && selection.isFree(slot)) {
      Optional<Waiter<X>> next = slot.next(queue);
      if (next.isEmpty()) {
        return;
      }
      Waiter<X> waiter = next.get();
      if (!slot.waiting.remove(waiter)) {
        queue.remove(waiter);
      }
      numQueued--;
      if (waiter.request().deadline() - clock.nanos() <= 0) {
        waiter.fail(late(waiter.request()));
      } else if (isBoundElsewhere(waiter, slot)) {
        place(List.of(waiter));
      } else {
        waiter.grant(take(slot, waiter.request()));
      }
    }
  }

  /// Two calls of a session waited for any replica; the first has bound it.
  private static <X> boolean isBoundElsewhere(Waiter<X> waiter, ReplicaSlot<X> slot) {
    return waiter.request().affinity() instanceof Affinity.Bound<X>(Binding<X> binding)
        && binding.slot.isPresent()
        && !binding.slot.get().equals(slot);
  }

  private ReplicaSlot<X> await(Waiter<X> waiter) {
    while (true) {
      Optional<ReplicaSlot<X>> granted = waiter.outcome();
      if (granted.isPresent()) {
        return granted.get();
      }
      long left = waiter.request().deadline() - clock.nanos();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        return withdraw(waiter);
      }
      Waits.parkNanos(this, left);
    }
  }

  /// The caller waits no more: what has happened meanwhile counts.
  private ReplicaSlot<X> withdraw(Waiter<X> waiter) {
    lock.lock();
    try {
      boolean waited = queue.remove(waiter);
      for (ReplicaSlot<X> slot : slots) {
        waited |= slot.waiting.remove(waiter);
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
                .formatted(name, request.what(), failures.text())
            : "the deadline passed in the queue of service %s: call=%s healthy=%d queued=%d"
                .formatted(name, request.what(), selection.healthy().size(), numQueued));
  }

  private void failAll() {
    List<Waiter<X>> waiters = new ArrayList<>(remove(queue, w -> true));
    slots.forEach(slot -> waiters.addAll(remove(slot.waiting, w -> true)));
    for (Waiter<X> waiter : waiters) {
      try {
        checkAdmission();
      } catch (ReplicaLost e) {
        waiter.fail(e);
      }
    }
    changed.signalAll();
  }

  private long awaitChange(long nanos) {
    try {
      return Waits.awaitNanos(changed, nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }
}
