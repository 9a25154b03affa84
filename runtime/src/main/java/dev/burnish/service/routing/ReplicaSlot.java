package dev.burnish.service.routing;

import dev.burnish.link.CallChain;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// The place of a replica in the dispatcher of a process, from when it becomes healthy until it is
/// lost or removed: its replacement has a slot of its own. Calls hold permits of it. Its counts are
/// guarded by the lock of its dispatcher.
public final class ReplicaSlot implements Candidate {
  private enum State {
    SERVING,
    DRAINING,
    GONE
  }

  private final long number = ThreadLocalRandom.current().nextLong();
  private final int replica;
  private final CallTarget target;
  private final CallChain.Waiter holder;
  private final CallChain alone;
  private final TreeSet<Waiter> waiting = new TreeSet<>();
  private final Set<Binding> bindings = new HashSet<>();
  private int numInFlight;
  private volatile State state = State.SERVING;

  /// The slot of a replica of this number.
  public ReplicaSlot(int replica, CallTarget target) {
    this.replica = replica;
    this.target = target;
    this.holder = new CallChain.Waiter(number, 0, target.name());
    this.alone = CallChain.NONE.then(holder);
  }

  /// The target of calls.
  public CallTarget target() {
    return target;
  }

  /// The chain for the calls of a call that holds a permit of this replica: it gives the permit
  /// back when that has ended.
  public CallChain heldBy(CallChain caller) {
    return caller.isEmpty() ? alone : caller.then(holder);
  }

  /// The position of the first waiter in a chain that holds a permit of this replica.
  Optional<Integer> firstHolder(CallChain chain) {
    return IntStream.range(0, chain.waiters().size())
        .filter(i -> chain.waiters().get(i).actor() == number)
        .boxed()
        .findFirst();
  }

  /// How many permits the waiters of a chain hold.
  long numHeldBy(CallChain chain) {
    return chain.waiters().stream().filter(waiter -> waiter.actor() == number).count();
  }

  /// Whether its replica was lost or removed.
  public boolean isGone() {
    return state == State.GONE;
  }

  @Override
  public int replica() {
    return replica;
  }

  @Override
  public int numInFlight() {
    return numInFlight;
  }

  @Override
  public int numQueued() {
    return waiting.size();
  }

  @Override
  public int numSessions() {
    return bindings.size();
  }

  /// Whether calls of any session or of none may go here.
  boolean isServing() {
    return state == State.SERVING;
  }

  boolean isIdle() {
    return numInFlight == 0 && waiting.isEmpty();
  }

  /// Whether it has no call and no session any more.
  boolean isDrained() {
    return isGone() || (isIdle() && bindings.isEmpty());
  }

  /// Takes a permit for a call.
  void take() {
    numInFlight++;
  }

  /// Returns the permit of a call.
  void release() {
    numInFlight--;
  }

  /// Takes calls of its sessions only, from now on.
  void drain() {
    state = State.DRAINING;
  }

  /// Marks its replica as lost or removed: its sessions are lost with it.
  void leave(ReplicaFailure failure) {
    state = State.GONE;
    bindings.forEach(binding -> binding.lose(failure));
    bindings.clear();
  }

  void add(Binding binding) {
    bindings.add(binding);
  }

  void remove(Binding binding) {
    bindings.remove(binding);
  }

  /// Queues a call that waits for this replica and no other.
  void add(Waiter waiter) {
    waiting.add(waiter);
  }

  boolean remove(Waiter waiter) {
    return waiting.remove(waiter);
  }

  /// Removes the waiting calls that match, in order.
  List<Waiter> removeIf(Predicate<Waiter> which) {
    List<Waiter> removed = waiting.stream().filter(which).toList();
    removed.forEach(waiting::remove);
    return removed;
  }

  /// The next call, of those that wait for this replica and of the others.
  Optional<Waiter> next(SortedSet<Waiter> others) {
    Optional<Waiter> own = first(waiting);
    Optional<Waiter> other = isServing() ? first(others) : Optional.empty();
    return own.filter(mine -> other.isEmpty() || mine.compareTo(other.get()) < 0).or(() -> other);
  }

  private static Optional<Waiter> first(SortedSet<Waiter> waiters) {
    return waiters.isEmpty() ? Optional.empty() : Optional.of(waiters.first());
  }
}
