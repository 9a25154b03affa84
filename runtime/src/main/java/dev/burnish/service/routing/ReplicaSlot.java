package dev.burnish.service.routing;

import dev.burnish.link.CallChain;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/// The way to a replica, from when it becomes healthy until it is lost or removed: a replacement
/// has a slot of its own. What it counts is guarded by the lock of its dispatcher.
///
/// @param <X> what calls are made on
public final class ReplicaSlot<X> implements Candidate {
  enum State {
    SERVING,
    DRAINING,
    GONE
  }

  private final long number = ThreadLocalRandom.current().nextLong();
  private final int replica;
  private final X target;
  final TreeSet<Waiter<X>> waiting = new TreeSet<>();
  final Set<Binding<X>> bindings = new HashSet<>();
  int numInFlight;
  private volatile State state = State.SERVING;

  /// The way to a replica of this number.
  public ReplicaSlot(int replica, X target) {
    this.replica = replica;
    this.target = target;
  }

  /// What calls are made on.
  public X target() {
    return target;
  }

  /// A call that holds a permit of this replica until what it calls has ended.
  ///
  /// @param name for people
  public CallChain.Waiter holder(String name) {
    return new CallChain.Waiter(number, 0, name);
  }

  /// The first of those that wait for something which holds a permit of this replica.
  Optional<Integer> firstHolder(CallChain waiting) {
    return IntStream.range(0, waiting.waiters().size())
        .filter(i -> waiting.waiters().get(i).actor() == number)
        .boxed()
        .findFirst();
  }

  /// How many permits those hold that wait for something.
  long numHeldBy(CallChain waiting) {
    return waiting.waiters().stream().filter(waiter -> waiter.actor() == number).count();
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

  void state(State next) {
    state = next;
  }

  /// Whether calls of any session or none may go here.
  boolean isServing() {
    return state == State.SERVING;
  }

  boolean isIdle() {
    return numInFlight == 0 && waiting.isEmpty();
  }

  /// The call that is next, of those that wait for this replica and of the others.
  Optional<Waiter<X>> next(SortedSet<Waiter<X>> others) {
    Optional<Waiter<X>> own = first(waiting);
    Optional<Waiter<X>> other = isServing() ? first(others) : Optional.empty();
    return own.filter(mine -> other.isEmpty() || mine.compareTo(other.get()) < 0).or(() -> other);
  }

  private static <X> Optional<Waiter<X>> first(SortedSet<Waiter<X>> waiters) {
    return waiters.isEmpty() ? Optional.empty() : Optional.of(waiters.first());
  }
}
