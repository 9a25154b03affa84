package dev.burnish.service.routing;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.CallChain;
import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.routing.Request.Affinity;
import dev.burnish.service.routing.Selection.Choice;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// Assigns a replica to each call of this process, on the caller's thread.
///
/// One queue for all replicas: a waiting call goes to the first free one, so nothing has to be
/// moved when one is lost. Only calls of a key or a session wait for a certain replica, in a queue
/// of its slot; when it is lost, those of a key are placed again and those of a session are told.
///
/// Between any two operations no replica has a free permit while a call waits that it could take.
/// Thread-safe: one lock guards the slots, the queue, the sessions and the admission; the failure
/// log has its own, which is taken inside it and holds no other.
public final class Dispatcher {
  private final String service;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<ReplicaSlot> members = new HashSet<>();
  private final FailureLog failures = new FailureLog();
  private final Sessions sessions = new Sessions(lock, changed);
  private final CallQueue queue;
  private final Selection selection;
  private final Admission admission;
  private volatile IntSupplier coming = () -> 0;

  /// A dispatcher without replicas.
  ///
  /// @param service its name, for messages
  public Dispatcher(String service, Queueing queueing, Router router, Clock clock) {
    this.service = service;
    this.queue = new CallQueue(service, queueing);
    this.selection = new Selection(router, queueing.concurrency());
    this.admission = new Admission(service, failures);
    this.clock = clock;
  }

  /// Sets a supplier of the number of replicas that are being started: a call may wait for those.
  public void coming(IntSupplier numComing) {
    coming = numComing;
  }

  /// Takes a permit of a replica for a call; waits for one until the deadline. The caller must
  /// [#release] it.
  ///
  /// @throws Overloaded if the queue is full
  /// @throws CallTimedOut if the deadline passes
  /// @throws CallCancelled if the thread is interrupted, which stays set
  /// @throws ReplicaLost if the service has stopped or no replica will come back
  /// @throws BindingLost if the call is of a session whose replica is lost
  /// @throws IllegalStateException if all permits are held by calls that wait for this one
  public ReplicaSlot acquire(Request request) {
    boolean mayCircle = !CallChain.current().isEmpty() && coming.getAsInt() == 0;
    Waiter waiter;
    lock.lock();
    try {
      checkAdmission();
      switch (selection.choose(request.affinity())) {
        case Choice.Take(ReplicaSlot slot) -> {
          return take(slot, request);
        }
        case Choice wait -> {
          if (mayCircle) {
            selection.checkCircle(request.call(), wait);
          }
          waiter = queue.admit(request);
          follow(wait, waiter);
        }
      }
    } finally {
      lock.unlock();
    }
    return waiter.await(clock).orElseGet(() -> locked(() -> withdraw(waiter)));
  }

  /// Takes a permit of a certain replica, whether it has a free one or not: the call runs together
  /// with all others. The caller must [#release] it.
  ///
  /// @throws ReplicaLost if the replica has left: it may lack changes that the others have
  public void enter(ReplicaSlot slot) {
    locked(() -> {
      if (slot.isGone()) {
        throw new ReplicaLost(
            "the replica has left its service: service=%s replica=%d%s"
                .formatted(service, slot.replica(), failures.text()));
      }
      slot.take();
    });
  }

  /// Ends [#acquire] or [#enter].
  public void release(ReplicaSlot slot) {
    lock.lock();
    try {
      slot.release();
      serve(slot);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Adds a replica, which takes calls from now on.
  public void join(ReplicaSlot slot) {
    locked(() -> {
      members.add(slot);
      failures.forget(slot.replica());
      admission.expectReplica();
      selection.add(slot);
      place(queue.removeKeyed());
      serve(slot);
      changed.signalAll();
    });
  }

  /// Removes a lost replica: calls that waited for it are placed again, its sessions are told. Does
  /// nothing the second time.
  ///
  /// @return whether it was the first time
  public boolean lose(ReplicaSlot slot, ReplicaFailure failure) {
    return locked(() -> {
      boolean first = members.remove(slot);
      if (first) {
        failures.note(failure);
        leave(slot, failure);
      }
      return first;
    });
  }

  /// Gives a replica no calls any more except those of its sessions. Does nothing the second time.
  public void startDraining(ReplicaSlot slot) {
    locked(() -> {
      if (members.contains(slot) && slot.isServing()) {
        slot.drain();
        selection.remove(slot);
        place(queue.removeKeyed(slot));
      }
    });
  }

  /// Whether a replica that drains has no call and no session any more.
  public boolean isDrained(ReplicaSlot slot) {
    return locked(slot::isDrained);
  }

  /// Gives a replica no calls any more except those of its sessions. Waits for at most a given time
  /// until it has no call and no session, and removes it.
  public void drain(ReplicaSlot slot, Duration limit) {
    locked(() -> {
      startDraining(slot);
      long nanos = limit.toNanos();
      while (nanos > 0 && members.contains(slot) && !slot.isDrained()) {
        nanos = awaitChange(nanos);
      }
      if (members.remove(slot)) {
        leave(
            slot,
            new ReplicaFailure(slot.replica(), Instant.now(), "it was removed by scaling down"));
      }
    });
  }

  private void leave(ReplicaSlot slot, ReplicaFailure failure) {
    selection.remove(slot);
    slot.leave(failure);
    place(queue.removeAll(slot));
    changed.signalAll();
  }

  /// Notes that no replica will come back by itself: while none is healthy, calls fail.
  public void giveUp() {
    locked(() -> {
      if (selection.healthy().isEmpty() && admission.giveUp()) {
        failAll();
      }
    });
  }

  /// Notes that a replica is being made that may become healthy: calls wait for it.
  public void expectReplica() {
    locked(admission::expectReplica);
  }

  /// Takes no further calls; waiting calls may end.
  public void refuse(String why) {
    locked(() -> admission.close(why));
  }

  /// Takes no further calls; waits for at most a given time until the accepted ones have ended;
  /// then fails those that still wait.
  public void close(String why, Duration limit) {
    locked(() -> {
      refuse(why);
      long nanos = limit.toNanos();
      while (nanos > 0 && !(queue.size() == 0 && members.stream().allMatch(ReplicaSlot::isIdle))) {
        nanos = awaitChange(nanos);
      }
      failAll();
    });
  }

  /// Waits until a number of replicas is healthy.
  ///
  /// @throws CallTimedOut if that takes longer
  /// @throws CallCancelled if the thread is interrupted, which stays set
  /// @throws ReplicaLost if the service has stopped or no replica will come back
  public void awaitHealthy(int count, Duration limit) {
    locked(() -> {
      long nanos = limit.toNanos();
      while (selection.healthy().size() < count) {
        checkAdmission();
        if (Thread.currentThread().isInterrupted()) {
          throw new CallCancelled("interrupted while replicas become healthy: service=" + service);
        }
        if (nanos <= 0) {
          throw new CallTimedOut(
              "too few replicas of %s are healthy: healthy=%d wanted=%d limit=%s%s"
                  .formatted(service, selection.healthy().size(), count, limit, failures.text()));
        }
        nanos = awaitChange(nanos);
      }
    });
  }

  /// The healthy replicas by number.
  public List<ReplicaSlot> healthy() {
    return locked(selection::healthy);
  }

  /// The replicas that may have calls, by number: those that are healthy, and those that drain.
  public List<ReplicaSlot> members() {
    return locked(this::sorted);
  }

  private List<ReplicaSlot> sorted() {
    return members.stream().sorted(Comparator.comparingInt(ReplicaSlot::replica)).toList();
  }

  /// The last failures of missing replicas.
  public FailureLog failures() {
    return failures;
  }

  /// The sessions of this process.
  public Sessions sessions() {
    return sessions;
  }

  /// The current load of all replicas.
  public Load load() {
    return locked(() ->
        new Load(
            queue.size(),
            members.stream().mapToInt(ReplicaSlot::numInFlight).sum(),
            selection.numPermits(),
            sessions.size(),
            sorted().stream().map(Load.OfReplica::of).toList()));
  }

  private void checkAdmission() {
    admission.check(selection.healthy().isEmpty());
  }

  private static ReplicaSlot take(ReplicaSlot slot, Request request) {
    slot.take();
    if (request.affinity() instanceof Affinity.Bound(Binding binding)) {
      binding.bindTo(slot);
    }
    return slot;
  }

  private void follow(Choice choice, Waiter waiter) {
    switch (choice) {
      case Choice.Take(ReplicaSlot slot) -> waiter.grant(take(slot, waiter.request()));
      case Choice.WaitFor(ReplicaSlot slot) -> queue.add(waiter, slot);
      case Choice.WaitForAny _ -> queue.add(waiter);
    }
  }

  /// Places calls again that waited: they are sent, or wait elsewhere.
  private void place(List<Waiter> waiters) {
    for (Waiter waiter : waiters) {
      try {
        follow(selection.choose(waiter.request().affinity()), waiter);
      } catch (RuntimeException e) {
        waiter.fail(e);
      }
    }
  }

  /// Gives the free permits of a replica to waiting calls.
  private void serve(ReplicaSlot slot) {
    while (queue.size() > 0 && !slot.isGone() && selection.isFree(slot)) {
      Optional<Waiter> next = queue.poll(slot);
      if (next.isEmpty()) {
        return;
      }
      Waiter waiter = next.get();
      if (waiter.request().deadline() - clock.nanos() <= 0) {
        waiter.fail(late(waiter.request()));
      } else if (isBoundElsewhere(waiter, slot)) {
        place(List.of(waiter));
      } else {
        waiter.grant(take(slot, waiter.request()));
      }
    }
  }

  /// Whether another call of the same session, which also waited for any replica, has bound it.
  private static boolean isBoundElsewhere(Waiter waiter, ReplicaSlot slot) {
    return waiter.request().affinity() instanceof Affinity.Bound(Binding binding)
        && binding.isBoundElsewhere(slot);
  }

  /// Ends the wait of a caller: an outcome that has arrived meanwhile counts.
  private ReplicaSlot withdraw(Waiter waiter) {
    if (!queue.remove(waiter, members)) {
      return waiter.outcome().orElseThrow();
    }
    changed.signalAll();
    if (Thread.currentThread().isInterrupted()) {
      throw new CallCancelled("the caller was interrupted: call=" + waiter.request().call());
    }
    throw late(waiter.request());
  }

  private CallTimedOut late(Request request) {
    return new CallTimedOut(
        selection.healthy().isEmpty()
            ? "no replica of service %s was healthy before the deadline: call=%s%s"
                .formatted(service, request.call(), failures.text())
            : "the deadline passed in the queue of service %s: call=%s healthy=%d queued=%d"
                .formatted(service, request.call(), selection.healthy().size(), queue.size()));
  }

  private void failAll() {
    for (Waiter waiter : queue.removeAll(members)) {
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

  private void locked(Runnable work) {
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  private <R> R locked(Supplier<R> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
