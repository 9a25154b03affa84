package dev.burnish.actor;

import dev.burnish.link.CallChain;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// An actor's view of itself while one of its calls or its constructor runs. On other threads there
/// is none.
public final class Context {
  static final ScopedValue<Context> CURRENT = ScopedValue.newInstance();

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

  /// Wraps work for another thread that this one waits for: that thread knows which actors wait, so
  /// that none of them is called and waits for itself.
  public static <T, R extends @Nullable Object> Function<T, R> waitedFor(Function<T, R> work) {
    CallChain waiting = CallChain.current();
    return waiting.isEmpty() ? work : value -> waiting.during(() -> work.apply(value));
  }

  /// The name of the actor's mesh.
  public String name() {
    return cell.spec().name();
  }

  /// The position of this actor in its mesh.
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
  public ActorSystem system() {
    return cell.system();
  }

  /// The same as [#system], by the name that scripts know.
  public ActorSystem node() {
    return system();
  }

  /// Closes an object when the actor stops, before the actor itself; the last one first.
  public void own(AutoCloseable owned) {
    cell.lifecycle().own(owned);
  }

  /// Ends [#own]: it was closed before.
  public void disown(AutoCloseable owned) {
    cell.lifecycle().disown(owned);
  }

  /// This actor, as the things that it owns report to it.
  public Supervisor supervisor() {
    return cell;
  }

  /// Lets other calls of the actor run until a condition holds, then resumes. As with a monitor,
  /// the condition is checked when another call of the actor has ended, and the call resumes with
  /// exclusive use of the actor.
  ///
  /// ```java
  /// public Batch take() {
  ///   Context.await(() -> !episodes.isEmpty());
  ///   return episodes.removeFirst();
  /// }
  /// ```
  ///
  /// @throws dev.burnish.link.failure.CallCancelled if the call is cancelled or the actor stops;
  ///   the call has exclusive use of the actor then too
  /// @throws IllegalStateException in a concurrent endpoint, in a condition, or on a thread that
  ///   the endpoint started: they have no turn to give up
  /// @throws RuntimeException the exception of the condition, on whichever thread it was checked
  public static void await(BooleanSupplier condition) {
    current().cell.await(condition);
  }

  /// The default timeout of calls of stubs.
  public Duration timeout() {
    return cell.system().settings().timeout();
  }
}
