package dev.burnish.link.transport;

import dev.burnish.concurrent.Waits;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/// A thread that reads a connection, and may itself do the work that a frame asks for: that saves
/// the hand-over to another thread, which takes longer than most calls.
///
/// Idea: work is done here while nothing else has arrived, and another thread resumes reading as
/// soon as that takes long ([#LONGEST], checked now and then) or waits for something
/// ([#beforeWait]). So work that turns out not to be short delays the frames behind it by some
/// milliseconds at most, and never blocks its own connection. Each thread reads until it has left;
/// then it ends with its work.
public final class ReaderThread extends Thread implements Waits.Listener {
  /// Time between two checks of a thread that works.
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(10);

  private static final long LONGEST = LOOK / 2;

  /// Reads until [#hasLeft].
  interface Reading {
    void read(ReaderThread thread);

    /// Continues on another thread.
    void goOn();
  }

  private enum State {
    READS,
    WORKS,
    LEFT
  }

  private final Reading reading;
  private final AtomicReference<State> state = new AtomicReference<>(State.READS);
  private volatile long since;
  private volatile boolean worked;
  private final AtomicBoolean watched = new AtomicBoolean();
  private boolean more;

  ReaderThread(String name, Reading reading) {
    super(name);
    setDaemon(true);
    this.reading = reading;
  }

  @Override
  public void run() {
    reading.read(this);
  }

  /// Whether another thread reads now.
  boolean hasLeft() {
    return state.get() == State.LEFT;
  }

  /// @param more whether something has arrived after the frame that is passed on
  void giving(boolean more) {
    this.more = more;
  }

  /// Whether this thread may do work now: it passes on the last frame that has arrived.
  public boolean isFree() {
    return !more && state.get() == State.READS;
  }

  /// Does work that should be short.
  ///
  /// @param later runs an action after some nanoseconds
  public void work(Runnable work, Later later) {
    since = System.nanoTime();
    worked = true;
    state.set(State.WORKS);
    watch(later);
    try {
      work.run();
    } finally {
      state.compareAndSet(State.WORKS, State.READS);
    }
  }

  /// See [#work].
  @FunctionalInterface
  public interface Later {
    void run(long nanos, Runnable action);
  }

  /// Lets another thread resume reading if this one works.
  @Override
  public void beforeWait() {
    handOver();
  }

  private void handOver() {
    if (state.compareAndSet(State.WORKS, State.LEFT)) {
      reading.goOn();
    }
  }

  private void watch(Later later) {
    if (watched.compareAndSet(false, true)) {
      later.run(LOOK, () -> look(later));
    }
  }

  /// Repeats while there is work. `watched` is cleared before `worked` is checked, and [#work] sets
  /// them the other way around: one of both sees the other.
  private void look(Later later) {
    if (System.nanoTime() - since > LONGEST) {
      handOver();
    }
    boolean busy = worked || state.get() == State.WORKS;
    worked = false;
    watched.set(false);
    if (busy || worked) {
      watch(later);
    }
  }
}
