package dev.burnish.concurrent;

import java.util.function.UnaryOperator;

/// Carries context from the thread that starts a thread of a [Scope] to that thread: the operation
/// that its work is part of, such as a call of an actor. Packages above say how.
public final class ContextPropagation {
  private static final ScopedValue<UnaryOperator<Runnable>> FUNCTION = ScopedValue.newInstance();

  private ContextPropagation() {}

  /// Binds a function that wraps the tasks of scopes, here and in the threads that they start. It
  /// is called on the thread that starts the task.
  public static ScopedValue.Carrier with(UnaryOperator<Runnable> function) {
    return ScopedValue.where(FUNCTION, function);
  }

  /// Returns work for another thread, with the context of this one.
  public static Runnable wrap(Runnable work) {
    return FUNCTION.isBound() ? FUNCTION.get().apply(work) : work;
  }
}
