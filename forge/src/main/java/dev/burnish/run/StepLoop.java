package dev.burnish.run;

import java.util.function.LongSupplier;

/// The step that a run is in. Steps are counted from 1; one is open at a time, and a step counts as
/// done once it was completed.
///
/// Threading: one thread opens and completes steps; any may ask.
public final class StepLoop {
  /// The state of the open step when its loop is left.
  public enum Left {
    /// There is none.
    BETWEEN_STEPS,
    /// Nothing was updated yet: it is as if the step had not begun.
    NOTHING_DONE,
    /// Some of its updates are done: the run cannot be resumed from here.
    HALF_DONE,
    /// All of its updates are done, as many as those of the step before.
    UPDATED
  }

  private final LongSupplier updates;
  private long completed;
  private long total;
  private boolean open;
  private boolean finished;
  private long updatesBefore;
  private long updatesPerStep;

  /// @param completed steps that are done
  /// @param updates total number of updates done so far
  public StepLoop(long completed, LongSupplier updates) {
    this.completed = completed;
    this.updates = updates;
  }

  /// Sets the total number of steps.
  public synchronized void total(long steps) {
    total = steps;
  }

  public synchronized long total() {
    return total;
  }

  /// The step that is open, else the last that was completed.
  public synchronized long present() {
    return open ? completed + 1 : completed;
  }

  public synchronized long completed() {
    return completed;
  }

  public synchronized boolean isOpen() {
    return open;
  }

  /// Marks the present step as the last, since the goal of the run is reached.
  public synchronized void finish() {
    finished = true;
  }

  public synchronized boolean isFinished() {
    return finished;
  }

  /// Whether there is no step after the present one.
  public synchronized boolean isLast() {
    return finished || present() >= total;
  }

  /// Opens the next step and returns its number.
  public synchronized long open() {
    if (open) {
      throw new IllegalStateException(
          "a step must be completed before the next is opened: step=" + present());
    }
    open = true;
    updatesBefore = updates.getAsLong();
    return completed + 1;
  }

  /// Completes the step that is open.
  public synchronized void complete() {
    if (!open) {
      throw new IllegalStateException(
          "a step must be open to be completed: completed=%d".formatted(completed));
    }
    long done = updates.getAsLong() - updatesBefore;
    updatesPerStep = done > 0 ? done : updatesPerStep; // a step may have had nothing to train on
    open = false;
    completed++;
  }

  /// The state of the present step when it is left.
  public synchronized Left left() {
    long done = open ? updates.getAsLong() - updatesBefore : 0;
    if (!open) {
      return Left.BETWEEN_STEPS;
    } else if (done == 0) {
      return Left.NOTHING_DONE;
    }
    return done >= updatesPerStep ? Left.UPDATED : Left.HALF_DONE;
  }

  /// Abandons the open step.
  public synchronized void abandon() {
    open = false;
  }
}
