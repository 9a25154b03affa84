package dev.burnish.verify.losses;

import dev.burnish.algorithm.Correction;
import dev.burnish.algorithm.OffPolicyMask;
import dev.burnish.algorithm.PpoClip;
import dev.burnish.algorithm.Surrogate;
import dev.burnish.algorithm.SurrogateLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Importance corrections: their weights and PPO's loss with them.
record CorrectionFormulas(GoldenInputs in) {
  private static final double NONE = Double.MAX_VALUE;

  List<Formula> all() {
    List<Formula> formulas = new ArrayList<>();
    corrections(formulas);
    formulas.add(Formula.of("tis\\.raw_w", _ -> weights(new Correction.TokenTruncate(0, NONE))));
    formulas.add(
        Formula.of("tis\\.seq_product_w", _ -> perSequence(Surrogate.Level.SEQUENCE_PRODUCT)));
    formulas.add(
        Formula.of("tis\\.seq_geomean_w", _ -> perSequence(Surrogate.Level.SEQUENCE_MEAN)));
    formulas.add(Formula.of("opsm\\.seq_kl .*", _ -> divergences()));
    formulas.add(Formula.of("opsm\\.keep delta=#", p -> keeps(new OffPolicyMask(p.number(1)))));
    return formulas;
  }

  private void corrections(List<Formula> formulas) {
    var product = Surrogate.Level.SEQUENCE_PRODUCT;
    add(formulas, "tis\\.token C=#", p -> new Correction.TokenTruncate(0, p.number(1)));
    add(formulas, "icepop \\[#,#\\]", p -> new Correction.TokenMask(p.number(1), p.number(2)));
    add(
        formulas,
        "tis\\.sequence C=# \\(product.*\\)",
        p -> new Correction.SequenceTruncate(product, 0, p.number(1)));
    add(
        formulas,
        "seq-mask-tis \\[#,#\\] geomean mask, raw token w",
        p ->
            new Correction.SequenceMask(
                Surrogate.Level.SEQUENCE_MEAN, p.number(1), p.number(2), Surrogate.Level.TOKEN));
    add(
        formulas,
        "trl sequence_mask Cmax=# \\(product\\)",
        p -> new Correction.SequenceMask(product, 0, p.number(1), product));
  }

  /// A correction's two keys.
  private void add(
      List<Formula> formulas, String name, Function<Formula.Parameters, Correction> correction) {
    formulas.add(Formula.of(name + " weights", p -> weights(correction.apply(p))));
    formulas.add(Formula.of(name + " loss token-mean", p -> loss(correction.apply(p))));
  }

  private double[] weights(Correction correction) {
    return correction.weights(in.batch());
  }

  private double[] loss(Correction correction) {
    var loss = SurrogateLoss.of(new PpoClip(0.2, 0.2)).withCorrection(correction);
    return new double[] {loss.evaluate(in.batch(), in.global()).value()};
  }

  private double[] perSequence(Surrogate.Level level) {
    double[] perToken = weights(new Correction.SequenceTruncate(level, 0, NONE));
    double[] ratios = new double[in.layout().numSequences()];
    for (int i = 0; i < ratios.length; i++) {
      for (int t = in.layout().start(i); t < in.layout().end(i); t++) {
        ratios[i] = Math.max(ratios[i], perToken[t]);
      }
    }
    return ratios;
  }

  private double[] divergences() {
    double[] divergences = new double[in.layout().numSequences()];
    for (int i = 0; i < divergences.length; i++) {
      divergences[i] = OffPolicyMask.divergence(in.batch(), i);
    }
    return divergences;
  }

  private double[] keeps(OffPolicyMask mask) {
    double[] keeps = new double[in.layout().numSequences()];
    for (int i = 0; i < keeps.length; i++) {
      double advantage = in.batch().advantages()[firstTarget(i)];
      keeps[i] = mask.keeps(OffPolicyMask.divergence(in.batch(), i), advantage) ? 1 : 0;
    }
    return keeps;
  }

  private int firstTarget(int sequence) {
    int token = in.layout().start(sequence);
    while (token + 1 < in.layout().end(sequence) && !in.layout().mask()[token]) {
      token++;
    }
    return token;
  }
}
