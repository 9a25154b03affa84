package dev.burnish.verify.losses;

import dev.burnish.algorithm.advantage.Advantages;
import dev.burnish.algorithm.advantage.Advantages.Scale;
import dev.burnish.algorithm.advantage.Gae;
import dev.burnish.algorithm.advantage.Overlong;
import dev.burnish.algorithm.advantage.Returns;
import dev.burnish.algorithm.advantage.Whitening;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/// Advantages, returns and penalties.
record AdvantageFormulas(GoldenInputs in) {
  List<Formula> all() {
    List<Formula> formulas = new ArrayList<>();
    formulas.addAll(groups());
    formulas.addAll(returns());
    formulas.addAll(critics());
    formulas.addAll(overlong());
    return formulas;
  }

  private List<Formula> groups() {
    return List.of(
        Formula.of(
            "adv\\.grpo\\.sample_std\\.eps#.*",
            p -> byGroup(r -> Advantages.grpo(r, Scale.SAMPLE_STD, p.number(1)))),
        Formula.of(
            "adv\\.grpo\\.pop_std\\.eps#.*",
            p -> byGroup(r -> Advantages.grpo(r, Scale.POPULATION_STD, p.number(1)))),
        Formula.of("adv\\.drgrpo.*", _ -> byGroup(Advantages::drGrpo)),
        Formula.of("adv\\.rloo", _ -> byGroup(Advantages::rloo)),
        Formula.of("adv\\.maxrl.*", _ -> byGroup(Advantages::maxRl)),
        Formula.of(
            "adv\\.grpo\\.loo_baseline_loo_std\\.eps#.*one group.*",
            p -> Advantages.rlooScaled(in.rewards(), p.number(1))),
        Formula.of("adv\\.grpo\\.loo_baseline .*one group.*", _ -> Advantages.rloo(in.rewards())));
  }

  private List<Formula> returns() {
    return List.of(
        Formula.of(
            "returns\\.reinforce\\+\\+ gamma=# .*",
            p ->
                Returns.discounted(
                    in.layout(), Returns.outcome(in.layout(), in.rewards()), p.number(1))),
        Formula.of(
            "adv\\.reinforce\\+\\+ gamma=# whitened\\(ddof1.*",
            p -> reinforce(p.number(1), Whitening.SAMPLE)),
        Formula.of(
            "adv\\.reinforce\\+\\+ gamma=# .*population var.*",
            p -> reinforce(p.number(1), Whitening.POPULATION)),
        Formula.of(
            "adv\\.reinforce\\+\\+-baseline.*",
            _ -> Returns.reinforcePlusPlusBaseline(in.layout(), in.rewards())));
  }

  private List<Formula> critics() {
    return List.of(
        Formula.of(
            "gae\\.adv g# l# .*skip masked.*",
            p -> gae(p.number(1), p.number(2), Gae.Masked.SKIP).advantages()),
        Formula.of(
            "gae\\.returns g# l# .*skip masked.*",
            p -> gae(p.number(1), p.number(2), Gae.Masked.SKIP).returns()),
        Formula.of(
            "gae\\.adv g# l# .*values\\*mask.*",
            p -> gae(p.number(1), p.number(2), Gae.Masked.ZERO).advantages()),
        Formula.of(
            "gae\\.returns g# l# .*values\\*mask.*",
            p -> gae(p.number(1), p.number(2), Gae.Masked.ZERO).returns()),
        Formula.of("gae\\.adv whitened ddof1.*", _ -> whitenedGae()));
  }

  private List<Formula> overlong() {
    return List.of(
        Formula.of(
            "overlong .*unbounded.* Lmax=# Lc=# n=\\[(.*)\\]",
            p -> {
              var overlong = new Overlong((int) p.number(1), (int) p.number(2), 1);
              return Arrays.stream(p.numbers(3)).map(n -> overlong.unbounded((int) n)).toArray();
            }),
        Formula.of("overlong DAPO .*cap -#\\) same n", this::cappedOverlong));
  }

  /// The lengths are those of the unbounded key.
  private double[] cappedOverlong(Formula.Parameters parameters) {
    double factor = parameters.number(1);
    var lengths =
        Formula.of(
            "overlong .*unbounded.* Lmax=# Lc=# n=\\[(.*)\\]",
            p -> {
              var overlong = new Overlong((int) p.number(1), (int) p.number(2), factor);
              return Arrays.stream(p.numbers(3)).map(n -> overlong.penalty((int) n)).toArray();
            });
    return sibling(lengths);
  }

  /// Gamma and lambda are those of the key that is not whitened.
  private double[] whitenedGae() {
    var plain =
        Formula.of(
            "gae\\.adv g# l# .*skip masked.*",
            p -> gae(p.number(1), p.number(2), Gae.Masked.SKIP).advantages());
    return Whitening.SAMPLE.apply(sibling(plain), in.layout().mask());
  }

  private double[] sibling(Formula formula) {
    return in.root().propertyNames().stream()
        .flatMap(key -> formula.apply(key).stream())
        .findFirst()
        .orElse(new double[0]);
  }

  private double[] reinforce(double gamma, Whitening whitening) {
    return Returns.reinforcePlusPlus(in.layout(), in.rewards(), gamma, whitening);
  }

  private Gae.Estimate gae(double gamma, double lambda, Gae.Masked masked) {
    double[] rewards = Returns.outcome(in.layout(), in.rewards());
    return new Gae(gamma, lambda, masked).estimate(in.layout(), rewards, in.values());
  }

  private double[] byGroup(UnaryOperator<double[]> estimator) {
    return Advantages.byGroup(in.rewards(), in.layout().group(), estimator);
  }
}
