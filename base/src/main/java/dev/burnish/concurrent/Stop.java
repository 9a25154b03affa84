package dev.burnish.concurrent;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// The request of the user (Ctrl-C) that a long loop end in good order: with its step finished and
/// a checkpoint written. A loop opens a `Stop` while it runs and checks [#requested()] after every
/// step. Long work that is not a step (measuring, generating, reading rows, fetching a model) calls
/// [#check] or [#interruptibly] and ends where it is. There is one such request per process.
public final class Stop implements AutoCloseable {
  private static final AtomicInteger NUM_LISTENING = new AtomicInteger();
  private static final AtomicBoolean REQUESTED = new AtomicBoolean();
  private static final AtomicBoolean HONOURED = new AtomicBoolean();
  private static final Duration LOOK = Duration.ofMillis(50);

  private static volatile String ending = "";

  private final AtomicBoolean closed = new AtomicBoolean();

  private Stop() {}

  /// Declares that a loop listens from here on, until this is closed.
  public static Stop listen() {
    return listen("with a checkpoint of the steps that are done");
  }

  /// Declares the same of work that ends in another way.
  ///
  /// @param how it ends, for the user who asks for it
  public static Stop listen(String how) {
    ending = how;
    NUM_LISTENING.incrementAndGet();
    return new Stop();
  }

  /// How the work ends that listens since last.
  public static String ending() {
    return ending;
  }

  /// Asks every loop to end. Returns whether a loop is listening that was not asked before;
  /// otherwise the caller has to end the process.
  public static boolean request() {
    return NUM_LISTENING.get() > 0 && !REQUESTED.getAndSet(true);
  }

  /// Whether a loop of this process was asked to end.
  public static boolean wasRequested() {
    return REQUESTED.get();
  }

  /// Whether a loop listens.
  public static boolean listening() {
    return NUM_LISTENING.get() > 0;
  }

  /// Ends work that is not a step where a loop was asked to end. To be called every few hundred
  /// milliseconds or so, where nothing is half done.
  ///
  /// @throws Stopped if one was
  public static void check() {
    if (REQUESTED.get() && listening()) {
      HONOURED.set(true);
      throw new Stopped();
    }
  }

  /// Whether work was ended by [#check].
  public static boolean wasHonoured() {
    return HONOURED.get();
  }

  /// Runs work that waits for an outside event, such as a download, on a thread of its own, which
  /// is interrupted when a loop is asked to end.
  ///
  /// @throws Stopped if one was
  public static <T> T interruptibly(String name, Callable<T> work) {
    try (Scope scope = Scope.open()) {
      Subtask<T> result = scope.fork(name, work);
      scope.background(name + "-stop", Stop::await);
      scope.join();
      return result.result();
    }
  }

  private static void await() throws InterruptedException {
    while (true) {
      check();
      Thread.sleep(LOOK);
    }
  }

  /// Whether to end now.
  public boolean requested() {
    return REQUESTED.get();
  }

  /// Called when the loop has ended.
  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      NUM_LISTENING.decrementAndGet();
    }
  }

  static void forget() {
    REQUESTED.set(false);
    HONOURED.set(false);
  }
}
