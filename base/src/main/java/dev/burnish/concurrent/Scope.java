package dev.burnish.concurrent;

import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Owns a group of virtual threads: they end with it, and the failure of one is the failure of all.
///
/// - A task started with [#fork(String, Callable)] is work that [#join()] waits for; one started
///   with [#background(String, Task)] serves as long as that work lasts and is interrupted after
///   it.
/// - The first failure, of either kind, interrupts every other task. [#join()] throws it, with the
///   later failures of the others as suppressed exceptions.
/// - [#close()] interrupts the tasks that still run and returns once every thread has ended, so
///   that nothing outlives the block. A task that ignores interruption delays it.
///
/// Tasks are virtual threads: they may wait freely; loops that only compute belong on threads of
/// the platform. One thread opens, joins and closes a scope; tasks may fork further ones.
public final class Scope implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Thread> threads = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private int numOpen;
  private int numForked;
  private boolean cancelled;
  private boolean closed;

  private Scope() {}

  /// Thrown to a thread that was interrupted while it waited for the tasks of a scope.
  public static final class Interrupted extends CancellationException {
    private static final long serialVersionUID = 1;

    Interrupted(InterruptedException cause) {
      super("interrupted while waiting for the tasks of a scope");
      initCause(cause);
    }
  }

  /// A scope without tasks. Close it, best in a `try` statement.
  public static Scope open() {
    return new Scope();
  }

  /// Work of the caller that may fail with any exception.
  @FunctionalInterface
  public interface Task {
    /// Runs; an interrupt asks it to end.
    void run() throws Exception;
  }

  /// Starts a task on a thread of this name.
  ///
  /// @throws IllegalStateException if the scope is closed
  public <T extends @Nullable Object> Subtask<T> fork(String name, Callable<T> task) {
    Subtask<T> subtask = new Subtask<>(name);
    start(name, true, () -> subtask.complete(task.call()), subtask::fail);
    return subtask;
  }

  /// Starts a task without a result.
  ///
  /// @throws IllegalStateException if the scope is closed
  public void fork(String name, Task task) {
    start(name, true, task, cause -> {});
  }

  /// Starts a task that lasts until the forked ones have ended, and is then interrupted. Its end
  /// before that is no failure, unless it throws.
  ///
  /// @throws IllegalStateException if the scope is closed
  public void background(String name, Task task) {
    start(name, false, task, cause -> {});
  }

  /// Waits for the forked tasks, then ends the background tasks and waits for them.
  ///
  /// @throws RuntimeException the first failure: unchecked as it is, checked as the cause of a
  ///   [TaskFailed]; the failures of the others are suppressed exceptions of it
  /// @throws Interrupted if the caller is interrupted; its interrupt stays set
  public void join() {
    lock.lock();
    try {
      while (numForked > 0) {
        changed.await();
      }
      cancel();
      while (numOpen > 0) {
        changed.await();
      }
    } catch (InterruptedException e) {
      cancel();
      Thread.currentThread().interrupt();
      throw cancelledBy(e);
    } finally {
      lock.unlock();
    }
    throwFailures();
  }

  /// Interrupts every task that still runs. New tasks start interrupted.
  public void cancel() {
    lock.lock();
    try {
      cancelled = true;
      threads.forEach(Thread::interrupt);
    } finally {
      lock.unlock();
    }
  }

  /// Interrupts the tasks that still run and waits until they have ended, however long that takes;
  /// an interrupt of the caller is kept for later. Failures that no [#join()] has thrown are thrown
  /// here.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      cancel();
      while (numOpen > 0) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    throwFailures();
  }

  /// Applies a function to every element at once, each on a virtual thread, and returns the results
  /// in the order of the elements.
  ///
  /// @throws RuntimeException the first failure, as [#join()] throws it; the others are interrupted
  /// @throws Interrupted if the caller is interrupted; its interrupt stays set
  public static <T, R extends @Nullable Object> List<R> map(
      List<? extends T> elements, Function<? super T, ? extends R> function) {
    String caller = Thread.currentThread().getName();
    try (Scope scope = open()) {
      List<Subtask<R>> subtasks = new ArrayList<>(elements.size());
      for (T element : elements) {
        subtasks.add(scope.fork(caller + "/" + subtasks.size(), () -> function.apply(element)));
      }
      scope.join();
      List<R> results = new ArrayList<>(subtasks.size());
      subtasks.forEach(subtask -> results.add(subtask.result()));
      return Collections.unmodifiableList(results);
    }
  }

  private void start(String name, boolean forked, Task task, Consumer<Throwable> onFailure) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException(
            "a closed scope starts no tasks: task=" + name + "; fork inside the scope's block");
      }
      Runnable run = ContextPropagation.wrap(() -> run(forked, task, onFailure));
      Thread thread = Thread.ofVirtual().name(name).unstarted(run);
      threads.add(thread);
      numOpen++;
      numForked += forked ? 1 : 0;
      if (cancelled) {
        thread.interrupt();
      }
      thread.start();
    } finally {
      lock.unlock();
    }
  }

  private void run(boolean forked, Task task, Consumer<Throwable> onFailure) {
    Optional<Throwable> failure = Optional.empty();
    try {
      task.run();
    } catch (Throwable e) {
      onFailure.accept(e);
      failure = Optional.of(e);
    }
    lock.lock();
    try {
      failure.ifPresent(cause -> record(cause));
      threads.remove(Thread.currentThread());
      numOpen--;
      numForked -= forked ? 1 : 0;
      if (numForked == 0 || numOpen == 0) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void record(Throwable cause) {
    if (cancelled && answersInterrupt(cause)) {
      return;
    }
    failures.add(cause);
    cancel();
  }

  /// An interruption after cancelling is the answer to it, not a failure.
  private static boolean answersInterrupt(Throwable failure) {
    return Thrown.chain(failure).stream()
        .anyMatch(cause ->
            cause instanceof InterruptedException
                || cause instanceof CancellationException
                || cause instanceof ClosedByInterruptException);
  }

  private Interrupted cancelledBy(InterruptedException cause) {
    Interrupted cancellation = new Interrupted(cause);
    failures.forEach(cancellation::addSuppressed);
    return cancellation;
  }

  private void throwFailures() {
    List<Throwable> thrown;
    lock.lock();
    try {
      thrown = List.copyOf(failures);
      failures.clear();
    } finally {
      lock.unlock();
    }
    if (thrown.isEmpty()) {
      return;
    }
    Throwable first = thrown.getFirst();
    Set<Throwable> known = Collections.newSetFromMap(new IdentityHashMap<>());
    known.add(first);
    Collections.addAll(known, first.getSuppressed());
    thrown.stream().filter(known::add).forEach(first::addSuppressed);
    switch (first) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new TaskFailed(first);
    }
  }
}
