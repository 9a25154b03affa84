package dev.burnish.train;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Pass.PartListener;
import dev.burnish.train.memory.UpdateJournal.Scalars;
import java.util.List;
import java.util.function.IntConsumer;

/// The update of one step, part by part, in the order in which the backward finishes them or all at
/// the end.
final class Update implements PartListener {
  /// The parts of a model that an update changes, and the optimizer that does.
  ///
  /// @param before waits until the part of that index may be changed
  record Target(List<Parameters> parts, Optimizer optimizer, IntConsumer before) {
    void apply(Scalars scalars) {
      for (int part = 0; part < parts.size(); part++) {
        apply(part, scalars);
      }
    }

    private void apply(int part, Scalars scalars) {
      before.accept(part);
      FaultPoint.reach("trainer.update");
      optimizer.update(part, scalars);
      parts.get(part).gradients().free();
    }
  }

  private final Target target;
  private final Scalars unscaled;
  private final long step;
  private final List<String> ids;
  private final double[] squares;
  // Of the micro-batches before the present one, and of all so far.
  private double earlier;
  private double loss;
  private boolean begun;

  /// @param unscaled its scalars where gradients are not clipped
  /// @param ids the names of the sources of the step's tokens
  Update(Target target, Scalars unscaled, long step, List<String> ids) {
    this.target = target;
    this.unscaled = unscaled;
    this.step = step;
    this.ids = ids;
    squares = new double[target.parts().size()];
  }

  /// A micro-batch begins.
  ///
  /// @param before the loss of those before it
  void begin(double before) {
    earlier = before;
  }

  /// A micro-batch has ended.
  ///
  /// @param total the loss so far
  void end(double total) {
    loss = total;
  }

  double loss() {
    return loss;
  }

  double lr() {
    return unscaled.lr();
  }

  @Override
  public void complete(int part, double[] losses) {
    loss = GradientTotals.add(earlier, losses);
    check("loss", loss, part);
    squares[part] = target.optimizer().sumOfSquares(part);
    check("gradient", squares[part], part);
    begun = true;
    target.apply(part, unscaled);
  }

  private void check(String what, double value, int part) {
    if (!Double.isFinite(value)) {
      throw Divergence.find(what, step, target.parts(), part, ids, begun, loss, norm());
    }
  }

  /// Whether parts were updated in the backward already, and so all are.
  boolean isApplied() {
    return begun;
  }

  /// Checks and measures all gradients, which are complete.
  ///
  /// @throws TrainingDiverged if one is not finite
  void measure() {
    for (int part = 0; part < squares.length; part++) {
      check("loss", loss, part);
      squares[part] = target.optimizer().sumOfSquares(part);
      target.parts().get(part).gradients().setAside();
      check("gradient", squares[part], part);
    }
  }

  /// The scalars of the update when all gradients are known.
  ///
  /// @param clipNorm 0 for no clipping
  Scalars scalars(double clipNorm) {
    double scale = clipNorm > 0 ? Math.min(1, clipNorm / (norm() + 1e-6)) : 1;
    return new Scalars(unscaled.lr(), unscaled.number(), scale);
  }

  /// Updates all parts.
  void apply(Scalars scalars) {
    begun = true;
    target.apply(scalars);
  }

  /// The norm of all gradients seen so far.
  double norm() {
    double sum = 0;
    for (double value : squares) {
      sum += value;
    }
    return Math.sqrt(sum);
  }
}
