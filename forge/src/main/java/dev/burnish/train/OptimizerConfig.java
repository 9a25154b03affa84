package dev.burnish.train;

import dev.burnish.nn.NamePattern;
import java.util.List;

/// The optimizer, its schedule, and the settings that differ between parameters.
///
/// @param lr peak learning rate
/// @param beta1 of AdamW, as `beta2` and `eps`
/// @param weightDecay of tensors of two and more dimensions; others are not decayed
/// @param clipNorm gradients are scaled down to this global norm; 0 for never
/// @param warmup steps over which the rate rises
/// @param schedule constant, linear, cosine or wsd
/// @param name adamw, sgd or muon
/// @param groups parameters with settings of their own; the first that matches a name counts
public record OptimizerConfig(
    double lr,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    double clipNorm,
    long warmup,
    String schedule,
    String name,
    Sgd sgd,
    Muon muon,
    List<Group> groups) {
  private static final List<String> NAMES = List.of("adamw", "sgd", "muon");

  public OptimizerConfig {
    require(lr >= 0 && lr < 10, "optimizer.lr is between 0 and 10: lr=" + lr);
    require(beta1 >= 0 && beta1 < 1, "optimizer.beta1 is between 0 and 1: beta1=" + beta1);
    require(beta2 >= 0 && beta2 < 1, "optimizer.beta2 is between 0 and 1: beta2=" + beta2);
    require(eps > 0, "optimizer.eps is above 0: eps=" + eps);
    require(weightDecay >= 0, "optimizer.weightDecay is at least 0: weightDecay=" + weightDecay);
    require(clipNorm >= 0, "optimizer.clipNorm is at least 0: clipNorm=" + clipNorm);
    require(warmup >= 0, "optimizer.warmup is at least 0: warmup=" + warmup);
    require(NAMES.contains(name), "optimizer.name is one of %s: name=%s".formatted(NAMES, name));
    Schedule.named(schedule);
    groups = List.copyOf(groups);
  }

  /// AdamW without groups.
  public OptimizerConfig(
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      double clipNorm,
      long warmup,
      String schedule) {
    this(
        lr,
        beta1,
        beta2,
        eps,
        weightDecay,
        clipNorm,
        warmup,
        schedule,
        "adamw",
        Sgd.defaults(),
        Muon.defaults(),
        List.of());
  }

  /// Gradient descent; the decay is added to the gradient.
  public record Sgd(double momentum, boolean nesterov) {
    public Sgd {
      require(
          momentum >= 0 && momentum < 1,
          "optimizer.sgd.momentum is between 0 and 1: momentum=" + momentum);
      require(
          !nesterov || momentum > 0,
          "optimizer.sgd.nesterov needs optimizer.sgd.momentum above 0: momentum=" + momentum);
    }

    public static Sgd defaults() {
      return new Sgd(0.9, false);
    }
  }

  /// Muon for the matrices of the blocks, AdamW for everything else.
  ///
  /// @param lrScale the rate of matrices is this times `lr`, which is AdamW's
  /// @param iterations of Newton-Schulz
  public record Muon(double lrScale, double momentum, boolean nesterov, int iterations) {
    public Muon {
      require(lrScale > 0, "optimizer.muon.lrScale is above 0: lrScale=" + lrScale);
      require(
          momentum >= 0 && momentum < 1,
          "optimizer.muon.momentum is between 0 and 1: momentum=" + momentum);
      require(
          iterations >= 1 && iterations <= 20,
          "optimizer.muon.iterations is between 1 and 20: iterations=" + iterations);
    }

    public static Muon defaults() {
      return new Muon(50, 0.95, true, 5);
    }
  }

  /// Settings of the parameters whose whole name matches.
  ///
  /// @param pattern in which `*` stands for any characters, such as `model.layers.*.weight`
  /// @param lrScale factor of the rate; 0 is the same as `frozen`
  /// @param weightDecayScale factor of the decay
  /// @param frozen whether they are not trained: they have no gradients, and no share in their norm
  public record Group(String pattern, double lrScale, double weightDecayScale, boolean frozen) {
    public Group {
      require(!pattern.isBlank(), "optimizer.groups.pattern is not empty: pattern=" + pattern);
      require(lrScale >= 0, "optimizer.groups.lrScale is at least 0: lrScale=" + lrScale);
      require(
          weightDecayScale >= 0,
          "optimizer.groups.weightDecayScale is at least 0: weightDecayScale=" + weightDecayScale);
    }

    public static Group frozen(String pattern) {
      return new Group(pattern, 1, 1, true);
    }

    boolean matches(String parameter) {
      return NamePattern.matches(pattern, parameter);
    }
  }

  public static OptimizerConfig defaults() {
    return new OptimizerConfig(1e-5, 0.9, 0.95, 1e-8, 0.0, 1.0, 0, "constant");
  }

  /// Whether the learning rate of a step depends on the total number of steps.
  public boolean ratesFollowTotalSteps() {
    return !schedule.equals("constant");
  }

  public OptimizerConfig withLr(double value) {
    return new OptimizerConfig(
        value, beta1, beta2, eps, weightDecay, clipNorm, warmup, schedule, name, sgd, muon, groups);
  }

  public OptimizerConfig withBetas(double first, double second) {
    return new OptimizerConfig(
        lr, first, second, eps, weightDecay, clipNorm, warmup, schedule, name, sgd, muon, groups);
  }

  public OptimizerConfig withWeightDecay(double value) {
    return new OptimizerConfig(
        lr, beta1, beta2, eps, value, clipNorm, warmup, schedule, name, sgd, muon, groups);
  }

  public OptimizerConfig withClipNorm(double value) {
    return new OptimizerConfig(
        lr, beta1, beta2, eps, weightDecay, value, warmup, schedule, name, sgd, muon, groups);
  }

  public OptimizerConfig withWarmup(long value) {
    return new OptimizerConfig(
        lr, beta1, beta2, eps, weightDecay, clipNorm, value, schedule, name, sgd, muon, groups);
  }

  public OptimizerConfig withSchedule(String value) {
    return new OptimizerConfig(
        lr, beta1, beta2, eps, weightDecay, clipNorm, warmup, value, name, sgd, muon, groups);
  }

  /// @param value adamw, sgd or muon
  public OptimizerConfig withName(String value) {
    return new OptimizerConfig(
        lr, beta1, beta2, eps, weightDecay, clipNorm, warmup, schedule, value, sgd, muon, groups);
  }

  public OptimizerConfig withSgd(Sgd value) {
    return new OptimizerConfig(
        lr, beta1, beta2, eps, weightDecay, clipNorm, warmup, schedule, name, value, muon, groups);
  }

  public OptimizerConfig withMuon(Muon value) {
    return new OptimizerConfig(
        lr, beta1, beta2, eps, weightDecay, clipNorm, warmup, schedule, name, sgd, value, groups);
  }

  public OptimizerConfig withGroups(Group... values) {
    return new OptimizerConfig(
        lr,
        beta1,
        beta2,
        eps,
        weightDecay,
        clipNorm,
        warmup,
        schedule,
        name,
        sgd,
        muon,
        List.of(values));
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
