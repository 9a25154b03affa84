package dev.burnish.service.routing;

import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.routing.Queueing.Overflow;
import dev.burnish.service.routing.Request.Affinity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

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
  private final Router router;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<Lane<X>> lanes = new HashSet<>();
  private final Set<Binding<X>> sessions = new HashSet<>();
  private final TreeSet<Waiter<X>> queue = new TreeSet<>();
  private final SortedMap<Integer, Loss> losses = new TreeMap<>();
  private List<Lane<X>> healthy = List.of();
  private Intake intake = Intake.OPEN;
  private String reason = "";
  private int numQueued;
  private long nextSequence;

  private enum Intake {
    OPEN,
    /// No replica will come back: calls fail unless one does.
    HOPELESS,
    /// Further calls fail, what waits does not.
    CLOSED
  }

  private sealed interface Choice<X> {
    /// A slot that is free.
    record Take<X>(Lane<X> lane) implements Choice<X> {}

    /// The replica that the call waits for.
    record WaitFor<X>(Lane<X> lane) implements Choice<X> {}

    /// The call waits for any.
    record WaitForAny<X>() implements Choice<X> {}
  }

  /// Without replicas.
  ///
  /// @param name of the service, for messages
  public Dispatcher(String name, Queueing queueing, Router router, Clock clock) {
    this.name = name;
    this.queueing = queueing;
    this.router = router;
    this.clock = clock;
  }

  /// Takes a slot of a replica for a call; waits for one until the deadline. To be released.
  ///
  /// @throws Overloaded if the queue is full
  /// @throws CallTimedOut if the deadline passes
  /// @throws CallCancelled if the thread is interrupted, which stays set
  /// @throws ReplicaLost if the service has stopped or no replica will come back
  /// @throws BindingLost if the call is of a session whose replica is lost
  public Lane<X> acquire(Request<X> request) {
    Waiter<X> waiter;
    lock.lock();
    try {
      checkIntake();
      switch (choose(request.affinity())) {
        case Choice.Take<X>(Lane<X> lane) -> {
          return take(lane, request);
        }
        case Choice<X> wait -> waiter = enqueue(request, wait);
      }
    } finally {
      lock.unlock();
    }
    return await(waiter);
  }

  /// Has a call made to a certain replica beside all others, whether it has a free slot or not. To
  /// be released.
  public void enter(Lane<X> lane) {
    lock.lock();
    try {
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
      losses.remove(lane.replica());
      intake = intake == Intake.HOPELESS ? Intake.OPEN : intake;
      List<Lane<X>> more = new ArrayList<>(healthy);
      more.add(lane);
      more.sort(Comparator.comparingInt(Lane::replica));
      healthy = List.copyOf(more);
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
      losses.put(lane.replica(), loss);
      leave(lane, loss);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// A replica that could not be made.
  public void note(Loss loss) {
    lock.lock();
    try {
      losses.put(loss.replica(), loss);
    } finally {
      lock.unlock();
    }
  }

  /// It is known better now why a replica was lost.
  public void explain(Loss loss) {
    lock.lock();
    try {
      losses.computeIfPresent(loss.replica(), (replica, before) -> loss);
    } finally {
      lock.unlock();
    }
  }

  /// A replica gets no calls any more but those of its sessions. Waits until it has none and no
  /// session, a time at most, and takes it out.
  public void drain(Lane<X> lane, Duration limit) {
    lock.lock();
    try {
      if (!lanes.contains(lane)) {
        return;
      }
      lane.state(Lane.State.DRAINING);
      healthy = without(lane);
      place(remove(lane.waiting, w -> w.request().affinity() instanceof Affinity.Keyed<X>));
      long nanos = limit.toNanos();
      while (nanos > 0 && !(lane.isIdle() && lane.bindings.isEmpty()) && !lane.isGone()) {
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
    healthy = without(lane);
    for (Binding<X> binding : lane.bindings) {
      binding.lane = Optional.empty();
      binding.lost = Optional.of(loss);
    }
    lane.bindings.clear();
    place(remove(lane.waiting, w -> true));
    changed.signalAll();
  }

  /// No replica will come back by itself: while none is healthy, calls fail.
  public void giveUp() {
    lock.lock();
    try {
      if (intake == Intake.OPEN && healthy.isEmpty()) {
        intake = Intake.HOPELESS;
        failAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Takes no further calls; waits until those that are there have ended, a time at most; then
  /// fails what still waits.
  public void close(String why, Duration limit) {
    lock.lock();
    try {
      intake = Intake.CLOSED;
      reason = why;
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
  /// @throws ReplicaLost if the service has stopped or no replica will come back
  public void awaitHealthy(int count, Duration limit) {
    lock.lock();
    try {
      long nanos = limit.toNanos();
      while (healthy.size() < count) {
        checkIntake();
        if (nanos <= 0 || Thread.currentThread().isInterrupted()) {
          throw new CallTimedOut(
              "too few replicas of %s are healthy: healthy=%d wanted=%d limit=%s%s"
                  .formatted(name, healthy.size(), count, limit, lossesText()));
        }
        nanos = awaitChange(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /// A session, bound by its first call.
  public Binding<X> open() {
    Binding<X> binding = new Binding<>();
    lock.lock();
    try {
      sessions.add(binding);
    } finally {
      lock.unlock();
    }
    return binding;
  }

  /// Ends [#open].
  public void close(Binding<X> binding) {
    lock.lock();
    try {
      binding.open = false;
      binding.lane.ifPresent(lane -> lane.bindings.remove(binding));
      binding.lane = Optional.empty();
      sessions.remove(binding);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Whoever owns the session knows that it is lost: its next call binds it again.
  public void acknowledge(Binding<X> binding) {
    lock.lock();
    try {
      binding.lost = Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /// A lost session goes on where another is bound, which ends.
  public void adopt(Binding<X> binding, Binding<X> other) {
    lock.lock();
    try {
      binding.lost = other.lost;
      Optional<Lane<X>> lane = other.lane;
      close(other);
      lane.ifPresent(to -> bind(binding, to));
    } finally {
      lock.unlock();
    }
  }

  /// The replica that a session is bound to.
  public Optional<Integer> replica(Binding<X> binding) {
    lock.lock();
    try {
      return binding.lane.map(Lane::replica);
    } finally {
      lock.unlock();
    }
  }

  /// Whether a session has lost its replica and its owner does not know yet.
  public boolean isLost(Binding<X> binding) {
    lock.lock();
    try {
      return binding.lost.isPresent();
    } finally {
      lock.unlock();
    }
  }

  /// The healthy replicas by number.
  public List<Lane<X>> healthy() {
    lock.lock();
    try {
      return healthy;
    } finally {
      lock.unlock();
    }
  }

  /// The last loss of each replica that is not back.
  public List<Loss> losses() {
    lock.lock();
    try {
      return List.copyOf(losses.values());
    } finally {
      lock.unlock();
    }
  }

  /// Forgets a replica that is gone for good.
  public void forget(int replica) {
    lock.lock();
    try {
      losses.remove(replica);
    } finally {
      lock.unlock();
    }
  }

  /// What everybody is doing.
  public Load load() {
    lock.lock();
    try {
      return new Load(
          numQueued,
          lanes.stream().mapToInt(Lane::numInFlight).sum(),
          healthy.size() * queueing.concurrency(),
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
    if (intake == Intake.CLOSED) {
      throw new ReplicaLost("service %s takes no calls: %s".formatted(name, reason));
    }
    if (intake == Intake.HOPELESS && healthy.isEmpty()) {
      throw new ReplicaLost(
          "no replica of service %s will come back by itself%s".formatted(name, lossesText()));
    }
  }

  private Choice<X> choose(Affinity<X> affinity) {
    return switch (affinity) {
      case Affinity.Any<X> _ -> chooseFree();
      case Affinity.Keyed<X>(String key) ->
          healthy.isEmpty()
              ? new Choice.WaitForAny<>()
              : takeOrWait(pick(healthy, Optional.of(key)));
      case Affinity.Bound<X>(Binding<X> binding) -> {
        if (binding.lost.isPresent()) {
          throw new BindingLost(binding.lost.get());
        }
        yield binding.lane.map(this::takeOrWait).orElseGet(this::chooseFree);
      }
    };
  }

  private Choice<X> chooseFree() {
    List<Lane<X>> free = healthy;
    if (!healthy.stream().allMatch(this::isFree)) {
      free = healthy.stream().filter(this::isFree).toList();
    }
    return free.isEmpty()
        ? new Choice.WaitForAny<>()
        : new Choice.Take<>(pick(free, Optional.empty()));
  }

  private Choice<X> takeOrWait(Lane<X> lane) {
    return isFree(lane) ? new Choice.Take<>(lane) : new Choice.WaitFor<>(lane);
  }

  private Lane<X> pick(List<Lane<X>> candidates, Optional<String> key) {
    int position = router.pick(candidates, key);
    if (position < 0 || position >= candidates.size()) {
      throw new IllegalStateException(
          "a router picks one of the candidates: position=%d candidates=%d router=%s"
              .formatted(position, candidates.size(), router.getClass().getName()));
    }
    return candidates.get(position);
  }

  private boolean isFree(Lane<X> lane) {
    return lane.numInFlight < queueing.concurrency();
  }

  private Lane<X> take(Lane<X> lane, Request<X> request) {
    lane.numInFlight++;
    if (request.affinity() instanceof Affinity.Bound<X>(Binding<X> binding) && binding.open) {
      bind(binding, lane);
    }
    return lane;
  }

  private void bind(Binding<X> binding, Lane<X> lane) {
    binding.lane = Optional.of(lane);
    lane.bindings.add(binding);
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
        queue(waiter, choose(waiter.request().affinity()));
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
    while (!lane.isGone() && isFree(lane)) {
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
      } else {
        waiter.grant(take(lane, waiter.request()));
      }
    }
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
        healthy.isEmpty()
            ? "no replica of service %s was healthy before the deadline: call=%s%s"
                .formatted(name, request.what(), lossesText())
            : "the deadline passed in the queue of service %s: call=%s healthy=%d queued=%d"
                .formatted(name, request.what(), healthy.size(), numQueued));
  }

  private String lossesText() {
    return losses.isEmpty()
        ? ""
        : losses.values().stream().map(Loss::toString).collect(Collectors.joining("; ", "; ", ""));
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

  private List<Lane<X>> without(Lane<X> lane) {
    return healthy.stream().filter(other -> other != lane).toList();
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
