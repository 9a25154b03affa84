package dev.burnish.verify.losses;

import dev.burnish.algorithm.Entropy;
import dev.burnish.algorithm.advantage.ProximalPolicy;
import dev.burnish.algorithm.advantage.ProximalPolicy.Versions;
import java.util.List;

/// Entropy and the proximal policy.
record OtherFormulas(GoldenInputs in) {
  List<Formula> all() {
    return List.of(
        Formula.of("entropy logits\\[(.*)\\]", p -> new double[] {Entropy.of(p.numbers(1))}),
        Formula.of("logsoftmax logits\\[(.*)\\]", p -> Entropy.logSoftmax(p.numbers(1))),
        Formula.of(
            "areal\\.prox loglinear logp_behave=# logp_theta=# v=\\((.*)\\)", this::proximal));
  }

  private double[] proximal(Formula.Parameters p) {
    double[] v = p.numbers(3);
    var versions = new Versions((long) v[0], (long) v[1], (long) v[2]);
    return new double[] {ProximalPolicy.logprob(p.number(1), p.number(2), versions)};
  }
}
