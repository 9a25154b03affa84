package dev.burnish.actor;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Follows calls from process to process. In a traced job every process is traced: the encoded
/// arguments of each call of an actor then begin with [#SIZE] bytes that identify the step that the
/// call is part of. Agents of hosts and processes are not followed.
public interface Tracing extends AutoCloseable {
  /// Bytes before the arguments: trace 16, span 8, flags 1.
  int SIZE = 25;

  /// The caller's part of a call begins, on its thread.
  Outgoing call(String what);

  /// Begins the callee's part of a call, on the thread that runs it.
  ///
  /// @param context bytes from the caller's part
  Step serve(String what, byte[] context);

  /// Wraps work for another thread, as part of what this thread does.
  <T, R extends @Nullable Object> Function<T, R> carried(Function<T, R> work);

  /// Sends the spans that have not been sent, for a bounded time.
  @Override
  void close();

  /// A part of a call; closed on the thread on which it began.
  interface Step extends AutoCloseable {
    /// It ended with an exception.
    void failed(Throwable thrown);

    @Override
    void close();
  }

  /// The caller's part.
  interface Outgoing extends Step {
    /// [#SIZE] bytes for the callee.
    byte[] context();
  }
}
