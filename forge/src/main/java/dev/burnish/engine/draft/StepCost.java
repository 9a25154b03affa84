package dev.burnish.engine.draft;

/// The seconds of a step as a line over its rows, fitted to recent steps: reading the weights costs
/// the same for one row as for some, so rows of guesses are cheap while few sequences run. One
/// thread.
public final class StepCost {
  private static final double KEPT = 0.98;

  /// Share of a row in a step of one row, until steps of different sizes are known: what CPUs with
  /// a few cores show.
  private static final double SHARE = 0.12;

  private double weight;
  private double rows;
  private double squares;
  private double seconds;
  private double products;

  /// A step in which every row was of a sequence that decodes.
  public void observe(int stepRows, double stepSeconds) {
    weight = KEPT * weight + 1;
    rows = KEPT * rows + stepRows;
    squares = KEPT * squares + (double) stepRows * stepRows;
    seconds = KEPT * seconds + stepSeconds;
    products = KEPT * products + stepRows * stepSeconds;
  }

  /// The least probability with which a guess must be right to save time: a row's seconds over the
  /// seconds per token without guesses.
  ///
  /// @param sequences that decode in the step
  public double leastProbability(int sequences) {
    double spread = weight * squares - rows * rows;
    double row = SHARE;
    double fixed = 1 - SHARE;
    if (weight > 8 && spread > 0.05 * rows * rows) {
      row = Math.max(0, (weight * products - rows * seconds) / spread);
      fixed = Math.max(0, (seconds - row * rows) / weight);
    }
    double step = fixed + row * sequences;
    return step == 0 ? 1 : row * sequences / step;
  }
}
