package dev.burnish.run;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.concurrent.Stop;
import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.StepMetrics;
import dev.burnish.run.RunOptions.Mode;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Consumer;

/// The remaining steps of a run.
///
/// A step is open from [Iterator#next] until [Iterator#hasNext] is asked for the one after it. That
/// completes it: its metrics are written, then its checkpoint where one is due. Asking again
/// changes nothing.
///
/// Threading: that of the training loop.
public final class Steps implements Iterable<Long> {
  /// The parts that take part in the end of a step.
  ///
  /// @param present records for the step that is open
  public record Parts(
      Metrics metrics, SampleLog samples, StepRecorder present, StepRecorder.Whole whole) {}

  private final Mode mode;
  private final Stop stop;
  private final StepLoop loop;
  private final Checkpointer checkpoints;
  private final Parts parts;
  private RunStatus status = RunStatus.FAILED;

  /// @param mode whether steps are done, or the first is only estimated
  /// @param stop the request that the loop ends
  public Steps(Mode mode, Stop stop, StepLoop loop, Checkpointer checkpoints, Parts parts) {
    this.mode = mode;
    this.stop = stop;
    this.loop = loop;
    this.checkpoints = checkpoints;
    this.parts = parts;
  }

  /// The status with which the loop ended; failed until then.
  public RunStatus status() {
    return status;
  }

  @Override
  public Iterator<Long> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return isNext();
      }

      @Override
      public Long next() {
        if (!isNext()) {
          throw new NoSuchElementException();
        }
        return open();
      }
    };
  }

  private boolean isNext() {
    complete();
    if (loop.isLast() || (mode == Mode.DRY_RUN && loop.completed() > 0)) {
      end(RunStatus.FINISHED);
    } else if (stop.requested()) {
      end(RunStatus.STOPPED);
    } else {
      return true;
    }
    return false;
  }

  private long open() {
    FaultPoint.reach("run.step");
    long step = loop.open();
    parts.samples().open(step);
    return step;
  }

  /// Completes the step that is open, if one is.
  private void complete() {
    if (!loop.isOpen()) {
      return;
    }
    long step = loop.present();
    parts.whole().machine().endStep(step, loop.total(), parts.present());
    checkpoints.trainers().forEach(of -> parts.present().record(of.health()));
    FaultPoint.reach("run.flush");
    StepMetrics written = parts.metrics().flush(step);
    FaultPoint.reach("run.flushed");
    loop.complete();
    parts.whole().summary().firstReward();
    if (mode == Mode.TRAIN) {
      checkpoints.completed(written);
    }
  }

  /// Writes the last step to the disk, once.
  private void end(RunStatus how) {
    if (status != how && mode == Mode.TRAIN && loop.completed() > 0) {
      checkpoints.saveLast(loop.completed());
    }
    status = how;
  }

  /// Ends the loop where it was left in the middle of a step. A step that was to be the last is
  /// completed. Where the process was asked to stop, a step whose updates are done is completed
  /// too, without the measurements after them; a step that has changed nothing counts as not begun;
  /// after a step with only some of its updates done, the checkpoint before it stays.
  ///
  /// @param say tells the user
  public void leave(Consumer<String> say) {
    if (status == RunStatus.FAILED && Stop.wasHonoured()) {
      stopHere(say);
    } else if (status == RunStatus.FAILED && loop.isOpen() && loop.isFinished()) {
      complete();
      end(RunStatus.FINISHED);
    }
  }

  private void stopHere(Consumer<String> say) {
    status = RunStatus.STOPPED;
    switch (loop.left()) {
      case UPDATED -> {
        say.accept("what is measured after step %d is left out".formatted(loop.present()));
        complete();
      }
      case HALF_DONE -> {
        say.accept(
            "step %d was half done; the checkpoint before it stays".formatted(loop.present()));
        loop.abandon();
        return;
      }
      case NOTHING_DONE, BETWEEN_STEPS -> loop.abandon();
    }
    if (loop.completed() > checkpoints.firstStep()) {
      checkpoints.saveLast(loop.completed());
    }
  }
}
