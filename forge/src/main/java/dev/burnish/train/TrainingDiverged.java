package dev.burnish.train;

import java.util.List;

/// A step whose loss, gradient or weights are not finite.
public final class TrainingDiverged extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// What was not finite, and where.
  ///
  /// @param step that would have been done
  /// @param what loss, gradient or weights
  /// @param parameter the first that is not finite, or empty
  /// @param batches ids of the micro-batches of the step
  /// @param updated whether parts of the model were updated before it was seen, so that only a
  ///   checkpoint has weights to go on with
  public record Where(
      long step, String what, String parameter, List<String> batches, boolean updated) {
    public Where {
      batches = List.copyOf(batches);
    }
  }

  private final transient Where where;

  TrainingDiverged(Where where, double loss, double gradientNorm) {
    super(
        "loss, gradient and weights are finite: step=%d %s is not, parameter=%s batches=%s loss=%s gradientNorm=%s; lower optimizer.lr, %s"
            .formatted(
                where.step(),
                where.what(),
                where.parameter().isEmpty() ? "none" : where.parameter(),
                where.batches(),
                loss,
                gradientNorm,
                where.updated()
                    ? "and resume from the last checkpoint: some weights were updated already"
                    : "or resume from the last checkpoint; nothing was updated"));
    this.where = where;
  }

  public Where where() {
    return where;
  }
}
