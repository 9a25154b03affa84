package dev.burnish.verify.losses;

import dev.burnish.algorithm.preference.PairBatch;
import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.algorithm.preference.RewardModelLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// The DPO family and the reward model's loss.
record PreferenceFormulas(GoldenInputs in) {
  List<Formula> all() {
    List<Formula> formulas = new ArrayList<>();
    formulas.add(
        Formula.of("bt\\.reward_model loss rc=\\[(.*)\\] rr=\\[(.*)\\]", this::rewardModel));
    in.pairs().batch().ifPresent(pairs -> formulas.addAll(pairFormulas(pairs)));
    return formulas;
  }

  private List<Formula> pairFormulas(PairBatch pairs) {
    double beta = in.pairs().beta();
    var sigmoid = new PreferenceLoss.Sigmoid(beta);
    var plain = sigmoid.evaluate(pairs, pairs.size());
    List<Formula> formulas = new ArrayList<>();
    formulas.add(Formula.of("dpo\\.h", _ -> margins(pairs)));
    formulas.add(Formula.of("dpo\\.sigmoid per pair", _ -> plain.perPair()));
    formulas.add(mean("dpo\\.sigmoid mean", pairs, _ -> sigmoid));
    formulas.add(mean("dpo\\.cDPO eps=# mean", pairs, p -> conservative(beta, p.number(1))));
    formulas.add(
        mean("dpo\\.robust eps=# mean", pairs, p -> new PreferenceLoss.Robust(beta, p.number(1))));
    formulas.add(mean("dpo\\.hinge mean", pairs, _ -> new PreferenceLoss.Hinge(beta)));
    formulas.add(
        mean("dpo\\.ipo \\(.*no length norm.*\\) mean", pairs, _ -> new PreferenceLoss.Ipo(beta)));
    if (in.pairs().hasLengths()) {
      formulas.add(
          mean(
              "dpo\\.ipo length-normalised.*", pairs, _ -> new PreferenceLoss.NormalizedIpo(beta)));
    }
    formulas.add(Formula.of("dpo\\.grad .*\\(pc\\) sigmoid", _ -> plain.chosenGradient()));
    formulas.add(Formula.of("dpo\\.reward_chosen", _ -> plain.chosenRewards()));
    formulas.add(Formula.of("dpo\\.reward_rejected", _ -> plain.rejectedRewards()));
    formulas.add(
        Formula.of("dpo\\.accuracy", _ -> new double[] {(double) plain.numRight() / pairs.size()}));
    return formulas;
  }

  private static PreferenceLoss conservative(double beta, double noise) {
    return new PreferenceLoss.Conservative(beta, noise);
  }

  private static Formula mean(
      String pattern, PairBatch pairs, Function<Formula.Parameters, PreferenceLoss> loss) {
    return Formula.of(
        pattern, p -> new double[] {loss.apply(p).evaluate(pairs, pairs.size()).value()});
  }

  private static double[] margins(PairBatch pairs) {
    double[] margins = new double[pairs.size()];
    for (int i = 0; i < margins.length; i++) {
      margins[i] = pairs.margin(i);
    }
    return margins;
  }

  private double[] rewardModel(Formula.Parameters p) {
    double[] chosen = p.numbers(1);
    return new double[] {
      new RewardModelLoss(0).evaluate(chosen, p.numbers(2), chosen.length).value()
    };
  }
}
