package dev.burnish.verify.losses;

import dev.burnish.algorithm.Kl;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/// Estimators of the divergence from the reference and from the rollout.
record KlFormulas(GoldenInputs in) {
  List<Formula> all() {
    return List.of(
        Formula.of("kl\\.(k1|k2|k3\\+?) per token\\*mask", p -> values(estimator(p.text(1)))),
        Formula.of("kl\\.(k1|k2|k3\\+?) token-mean", p -> mean(values(estimator(p.text(1))))),
        Formula.of(
            "grad\\.(k1|k2|k3\\+?) (?:\\(.*\\) )?token-mean wrt logp",
            p -> overTargets(t -> estimator(p.text(1)).slope(x(t), 1) / in.global().tokens())),
        Formula.of(
            "mismatch_kl .*token-mean.*", _ -> mean(overTargets(t -> Kl.K3.value(-q(t), 1)))));
  }

  static Kl estimator(String name) {
    return switch (name) {
      case "k1" -> Kl.K1;
      case "k2" -> Kl.K2;
      case "k3" -> Kl.K3;
      case "k3+" -> Kl.K3_STRAIGHT_THROUGH;
      default ->
          throw new IllegalArgumentException(
              "estimator is one of k1, k2, k3, k3+: estimator=" + name);
    };
  }

  private double[] values(Kl estimator) {
    return overTargets(t -> estimator.value(x(t), 1));
  }

  private double x(int token) {
    return in.batch().logprobs()[token] - in.batch().refLogprobs()[token];
  }

  private double q(int token) {
    return in.batch().logprobs()[token] - in.batch().rolloutLogprobs()[token];
  }

  private double[] overTargets(IntToDoubleFunction value) {
    double[] values = new double[in.layout().numTokens()];
    for (int t = 0; t < values.length; t++) {
      values[t] = in.layout().mask()[t] ? value.applyAsDouble(t) : 0;
    }
    return values;
  }

  private double[] mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return new double[] {sum / in.global().tokens()};
  }
}
