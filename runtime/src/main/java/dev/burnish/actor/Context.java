package dev.burnish.actor;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What an actor knows of itself while one of its calls or its constructor runs. On other threads
/// there is none.
public final class Context {
  static final ScopedValue<Context> CURRENT = ScopedValue.newInstance();

  /// The actor whose turn lasts until this thread is done.
  static final ScopedValue<ActorCell> TURN = ScopedValue.newInstance();

  private final ActorCell cell;

  Context(ActorCell cell) {
    this.cell = cell;
  }

  /// The context of the actor whose code runs.
  ///
  /// @throws IllegalStateException if this is no actor's code
  public static Context current() {
    return find()
        .orElseThrow(() ->
            new IllegalStateException(
                "only an actor's constructor and endpoints have a context: thread=%s; pass what is needed to threads of your own"
                    .formatted(Thread.currentThread().getName())));
  }

  /// The context of the actor whose code runs, if any does.
  public static Optional<Context> find() {
    return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
  }

  /// Work for another thread that the actor whose turn it is here waits for: it is known there that
  /// a call of that actor could only wait for itself.
  public static <T, R extends @Nullable Object> Function<T, R> waitedFor(Function<T, R> work) {
    if (!TURN.isBound()) {
      return work;
    }
    ActorCell waiting = TURN.get();
    return value -> ScopedValue.where(TURN, waiting).call(() -> work.apply(value));
  }

  /// @throws IllegalStateException if a call of an actor would wait for its own end
  static void refuseWaitForItself(Node node, ActorRef called, String what) {
    if (TURN.isBound()
        && TURN.get().spec().number() == called.number()
        && TURN.get().node() == node
        && called.process().equals(node.self())) {
      throw new IllegalStateException(
          "an actor that calls itself would wait for itself: call=%s; call the method of the class, or leave this actor out with slice"
              .formatted(what));
    }
  }

  /// The name of the actor's mesh.
  public String name() {
    return cell.spec().name();
  }

  /// The place of this actor in its mesh.
  public Point point() {
    return cell.spec().point();
  }

  /// The number of the actor in its mesh.
  public int rank() {
    return point().rank();
  }

  /// The number of actors of the mesh.
  public int size() {
    return point().size();
  }

  /// The process of the actor.
  public Node node() {
    return cell.node();
  }

  /// Has something closed when the actor stops, before the actor itself; the last one first.
  public void own(AutoCloseable owned) {
    cell.own(owned);
  }

  /// This actor, as whoever it owns reports to it.
  public Supervisor supervisor() {
    return cell;
  }

  /// Lets other calls of the actor run until a condition holds, then goes on. As with a monitor,
  /// the condition is looked at when another call of the actor has ended, and the call goes on with
  /// the actor to itself.
  ///
  /// ```java
  /// public Batch take() {
  ///   Context.await(() -> !episodes.isEmpty());
  ///   return episodes.removeFirst();
  /// }
  /// ```
  ///
  /// @throws dev.burnish.link.failure.CallCancelled if the call is cancelled or the actor stops
  /// @throws IllegalStateException in a concurrent endpoint, which has no turn to give up
  public static void await(BooleanSupplier condition) {
    current().cell.await(condition);
  }

  /// How long calls of stubs wait that say nothing else.
  public Duration timeout() {
    return cell.node().settings().timeout();
  }
}
