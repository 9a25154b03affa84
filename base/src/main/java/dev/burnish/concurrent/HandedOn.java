package dev.burnish.concurrent;

import java.util.function.UnaryOperator;

/// What threads of a [Scope] take over from the thread that starts them, besides their task: what
/// the work of that thread is part of, which packages above know.
public final class HandedOn {
  private static final ScopedValue<UnaryOperator<Runnable>> FUNCTION = ScopedValue.newInstance();

  private HandedOn() {}

  /// Where work is given to a thread, by this one or those that it starts, a function is applied to
  /// it first, on the thread that gives.
  public static ScopedValue.Carrier by(UnaryOperator<Runnable> function) {
    return ScopedValue.where(FUNCTION, function);
  }

  /// Work for another thread.
  public static Runnable to(Runnable work) {
    return FUNCTION.isBound() ? FUNCTION.get().apply(work) : work;
  }
}
