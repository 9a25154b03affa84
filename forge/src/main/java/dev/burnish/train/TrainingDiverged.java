package dev.burnish.train;

/// A step whose loss or gradient is not finite. Nothing was updated.
public final class TrainingDiverged extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TrainingDiverged(long step, double loss, double gradientNorm) {
    super(
        "loss and gradient are finite: step=%d loss=%s gradientNorm=%s; lower optimizer.lr, or resume from the last checkpoint"
            .formatted(step, loss, gradientNorm));
  }
}
