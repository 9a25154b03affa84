package dev.burnish.link;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.RemoteErrors;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.Transport;
import dev.burnish.wire.Codec;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A call that was sent. It ends once, by an answer or by a failure; then its link forgets it.
public final class OpenCall {
  /// How a call ended.
  public sealed interface Outcome {
    /// The result as it was encoded.
    record Value(byte[] result) implements Outcome {}

    /// The exception of the endpoint, see [RemoteErrors].
    record Thrown(byte[] error) implements Outcome {}

    /// The system failed the call.
    record Failed(CallFailure cause) implements Outcome {}
  }

  private sealed interface State {}

  private record Pending() implements State {}

  private record Waiting(Thread thread) implements State {}

  private record Listened(Listener listener) implements State {}

  private record Done(Outcome outcome) implements State {}

  /// Is told how a call ended, on the thread that learns of it; it must not wait.
  @FunctionalInterface
  public interface Listener {
    /// The call has ended.
    void ended(Outcome outcome);
  }

  private static final State PENDING = new Pending();

  private final Link link;
  private final long id;
  private final String what;
  private final Deadline deadline;
  private final CallSession session;
  private final AtomicReference<State> state = new AtomicReference<>(PENDING);
  private volatile Transport.Unsent unsent = Transport.Unsent.NOTHING;

  OpenCall(Link link, long id, String what, Deadline deadline, CallSession session) {
    this.link = link;
    this.id = id;
    this.what = what;
    this.deadline = deadline;
    this.session = session;
  }

  long id() {
    return id;
  }

  Deadline deadline() {
    return deadline;
  }

  /// @param how withdraws the frame
  void sent(Transport.Unsent how) {
    unsent = how;
  }

  /// Takes the call back, or tells the callee that nobody waits for it.
  void withdraw() {
    if (!unsent.withdraw()) {
      link.sendCancel(id);
    }
  }

  /// Which call, for messages.
  String what() {
    return what;
  }

  /// Tells a listener of the end: at once if the call has ended.
  public void onEnd(Listener listener) {
    if (!state.compareAndSet(PENDING, new Listened(listener))
        && state.get() instanceof Done(Outcome outcome)) {
      listener.ended(outcome);
    }
  }

  /// Waits for the result. An interrupt cancels the call and stays set.
  ///
  /// @throws CallFailure if the system failed the call
  /// @throws RuntimeException the exception of the endpoint; a checked exception is the cause of an
  ///   [dev.burnish.link.failure.EndpointFailed]
  public byte[] await(ClassLoader exceptions) {
    return switch (ended()) {
      case Outcome.Value(byte[] result) -> result;
      case Outcome.Thrown(byte[] error) ->
          throw RemoteErrors.unchecked(RemoteErrors.decode(error, exceptions));
      case Outcome.Failed(CallFailure cause) -> throw here(cause);
    };
  }

  /// Waits for the result of a method, and also throws the checked exceptions that it declares.
  ///
  /// @throws Throwable the exception of the endpoint
  public byte[] await(ClassLoader exceptions, Method method) throws Throwable {
    return switch (ended()) {
      case Outcome.Value(byte[] result) -> result;
      case Outcome.Thrown(byte[] error) -> {
        Throwable thrown = RemoteErrors.decode(error, exceptions);
        throw isDeclared(thrown, method) ? thrown : RemoteErrors.unchecked(thrown);
      }
      case Outcome.Failed(CallFailure cause) -> throw here(cause);
    };
  }

  private static boolean isDeclared(Throwable thrown, Method method) {
    return Arrays.stream(method.getExceptionTypes()).anyMatch(type -> type.isInstance(thrown));
  }

  private Outcome ended() {
    Waiting waiting = new Waiting(Thread.currentThread());
    if (state.compareAndSet(PENDING, waiting)) {
      while (state.get() instanceof Waiting) {
        Waits.park(this);
        if (Thread.currentThread().isInterrupted()) {
          cancel();
        }
      }
    }
    return outcome();
  }

  /// Waits for the result of a method and decodes it: the handles in it belong to the caller, or
  /// are released if that fails.
  ///
  /// @param patience how long the caller waits for each further part of the result
  /// @throws Throwable the exception of the endpoint, or the failure of the call
  public @Nullable Object await(
      Codec result, Duration patience, ClassLoader exceptions, Method method) throws Throwable {
    byte[] encoded = await(exceptions, method);
    CallSession taken = link.resultSession(patience);
    try {
      return result.decode(encoded, taken).getFirst();
    } catch (RuntimeException | Error e) {
      taken.release();
      link.sendCancel(id);
      throw e;
    }
  }

  /// Ends the call for the caller, and tells the callee.
  public void cancel() {
    if (link.forget(id)) {
      withdraw();
      end(
          new Outcome.Failed(
              new CallCancelled(
                  "the caller was interrupted: call=" + what, new InterruptedException())));
    }
  }

  void end(Outcome outcome) {
    State before = state.getAndSet(new Done(outcome));
    session.release();
    switch (before) {
      case Waiting(Thread thread) -> LockSupport.unpark(thread);
      case Listened(Listener listener) -> listener.ended(outcome);
      case Pending _ -> {}
      case Done _ -> throw new IllegalStateException("a call ends once: call=" + what);
    }
  }

  private Outcome outcome() {
    if (state.get() instanceof Done(Outcome outcome)) {
      return outcome;
    }
    throw new IllegalStateException("one thread waits for a call: call=" + what);
  }

  /// A failure is shared by all calls that it ended; each caller gets its own stack.
  private static CallFailure here(CallFailure cause) {
    Throwable first = cause.getCause() == null ? cause : cause.getCause();
    return switch (cause) {
      case ReplicaLost e -> new ReplicaLost(message(e), first);
      case CallTimedOut e -> new CallTimedOut(message(e));
      case CallCancelled e -> e;
      case Overloaded e -> new Overloaded(message(e));
    };
  }

  private static String message(Throwable thrown) {
    return String.valueOf(thrown.getMessage());
  }
}
