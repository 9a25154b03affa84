package dev.burnish.train;

/// AdamW and its schedule.
///
/// @param lr peak learning rate
/// @param weightDecay of tensors of two and more dimensions; others are not decayed
/// @param clipNorm gradients are scaled down to this global norm; 0 for never
/// @param warmup steps over which the rate rises
/// @param schedule constant, linear, cosine or wsd
public record OptimizerConfig(
    double lr,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    double clipNorm,
    long warmup,
    String schedule) {
  public OptimizerConfig {
    require(lr >= 0 && lr < 10, "optimizer.lr is between 0 and 10: lr=" + lr);
    require(beta1 >= 0 && beta1 < 1, "optimizer.beta1 is between 0 and 1: beta1=" + beta1);
    require(beta2 >= 0 && beta2 < 1, "optimizer.beta2 is between 0 and 1: beta2=" + beta2);
    require(eps > 0, "optimizer.eps is above 0: eps=" + eps);
    require(weightDecay >= 0, "optimizer.weightDecay is at least 0: weightDecay=" + weightDecay);
    require(clipNorm >= 0, "optimizer.clipNorm is at least 0: clipNorm=" + clipNorm);
    require(warmup >= 0, "optimizer.warmup is at least 0: warmup=" + warmup);
    Schedule.named(schedule);
  }

  public static OptimizerConfig defaults() {
    return new OptimizerConfig(1e-5, 0.9, 0.95, 1e-8, 0.0, 1.0, 0, "constant");
  }

  public OptimizerConfig withLr(double value) {
    return new OptimizerConfig(value, beta1, beta2, eps, weightDecay, clipNorm, warmup, schedule);
  }

  public OptimizerConfig withWeightDecay(double value) {
    return new OptimizerConfig(lr, beta1, beta2, eps, value, clipNorm, warmup, schedule);
  }

  public OptimizerConfig withClipNorm(double value) {
    return new OptimizerConfig(lr, beta1, beta2, eps, weightDecay, value, warmup, schedule);
  }

  public OptimizerConfig withWarmup(long value) {
    return new OptimizerConfig(lr, beta1, beta2, eps, weightDecay, clipNorm, value, schedule);
  }

  public OptimizerConfig withSchedule(String value) {
    return new OptimizerConfig(lr, beta1, beta2, eps, weightDecay, clipNorm, warmup, value);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
