package dev.burnish.concurrent;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// The result of a task that a [Scope] runs.
public final class Subtask<T extends @Nullable Object> {
  private sealed interface Outcome<T extends @Nullable Object> {}

  private record Value<T extends @Nullable Object>(T value) implements Outcome<T> {}

  private record Failed<T extends @Nullable Object>(Throwable cause) implements Outcome<T> {}

  private final String name;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Outcome<T> outcome;

  Subtask(String name) {
    this.name = name;
    this.outcome = new Failed<>(new IllegalStateException("task has not ended: task=" + name));
  }

  /// The name of the task and of its thread.
  public String name() {
    return name;
  }

  /// Waits for the task and returns its result.
  ///
  /// @throws TaskFailed if the task failed or was cancelled
  /// @throws CancellationException if the caller is interrupted; its interrupt stays set
  public T result() {
    try {
      ended.await();
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while waiting for the task " + name);
    }
    return switch (outcome) {
      case Value<T>(T value) -> value;
      case Failed<T>(Throwable cause) -> throw new TaskFailed(name, cause);
    };
  }

  void complete(T value) {
    outcome = new Value<>(value);
    ended.countDown();
  }

  void fail(Throwable cause) {
    outcome = new Failed<>(cause);
    ended.countDown();
  }
}
