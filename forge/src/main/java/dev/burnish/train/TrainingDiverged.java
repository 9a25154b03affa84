package dev.burnish.train;

import java.util.List;

/// A step whose loss, gradient or weights are not finite.
public final class TrainingDiverged extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// The value that was not finite, and its place.
  ///
  /// @param step that would have been done
  /// @param what loss, gradient or weights
  /// @param parameter the first that is not finite, or empty
  /// @param batches ids of the micro-batches of the step
  /// @param updated whether parts of the model were updated before it was detected, so that only a
  ///   checkpoint has weights to resume from
  public record Where(
      long step, String what, String parameter, List<String> batches, boolean updated) {
    public Where {
      batches = List.copyOf(batches);
    }
  }

  // These travel with it to another process.
  @SuppressWarnings("serial") // nobody serializes it
  private final Where where;

  private final double loss;
  private final double gradientNorm;

  @SuppressWarnings("UnusedVariable") // of its message, which is made again from it
  private final String checkpoint;

  TrainingDiverged(Where where, double loss, double gradientNorm) {
    this(where, loss, gradientNorm, "");
  }

  private TrainingDiverged(Where where, double loss, double gradientNorm, String checkpoint) {
    super(
        "loss, gradient and weights are finite: step=%d %s is not, parameter=%s batches=%s loss=%s gradientNorm=%s; lower optimizer.lr, %s resume from %s%s"
            .formatted(
                where.step(),
                where.what(),
                where.parameter().isEmpty() ? "none" : where.parameter(),
                where.batches(),
                loss,
                gradientNorm,
                where.updated() ? "and" : "or",
                checkpoint.isEmpty() ? "the last checkpoint" : "checkpoint=" + checkpoint,
                where.updated() ? ": some weights were updated already" : "; nothing was updated"));
    this.where = where;
    this.loss = loss;
    this.gradientNorm = gradientNorm;
    this.checkpoint = checkpoint;
  }

  /// The same failure, naming the checkpoint to resume from.
  TrainingDiverged withCheckpoint(String place) {
    TrainingDiverged named = new TrainingDiverged(where, loss, gradientNorm, place);
    named.setStackTrace(getStackTrace());
    return named;
  }

  public Where where() {
    return where;
  }
}
