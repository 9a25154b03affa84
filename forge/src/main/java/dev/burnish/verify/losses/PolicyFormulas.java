package dev.burnish.verify.losses;

import dev.burnish.algorithm.Aggregation;
import dev.burnish.algorithm.Cispo;
import dev.burnish.algorithm.Correction;
import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.DppoTv;
import dev.burnish.algorithm.DualClip;
import dev.burnish.algorithm.Kl;
import dev.burnish.algorithm.PpoClip;
import dev.burnish.algorithm.Surrogate;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.SurrogateLoss.Anchor;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.algorithm.TokenLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleBiFunction;

/// Policy losses and their gradients.
record PolicyFormulas(GoldenInputs in) {
  private static final PpoClip CLIP = new PpoClip(0.2, 0.2);
  private static final String MODE =
      "(token-mean|seq-mean-token-mean|seq-mean-token-sum-norm|seq-mean-token-sum|prompt-mean)";

  List<Formula> all() {
    List<Formula> formulas = new ArrayList<>();
    formulas.addAll(clipped());
    formulas.addAll(sequence());
    formulas.addAll(weighted());
    formulas.addAll(forge());
    formulas.addAll(invariance());
    formulas.addAll(published());
    return formulas;
  }

  private List<Formula> clipped() {
    return List.of(
        Formula.of(
            "loss\\.(?:ppo|dapo) clip(?:-higher )?#/# " + MODE,
            p -> value(aggregated(ppo(p), p.text(3)))),
        Formula.of(
            "grad\\.(?:ppo|dapo) clip(?:-higher )?#/# " + MODE + " wrt logp",
            p -> gradient(aggregated(ppo(p), p.text(3)))),
        Formula.of(
            "loss\\.ppo dual-clip c=# " + MODE,
            p -> value(aggregated(SurrogateLoss.of(new DualClip(CLIP, p.number(1))), p.text(2)))),
        Formula.of("ratio\\.token", _ -> perTarget(Surrogate::ratio)),
        Formula.of(
            "clipfrac\\.ppo #/#",
            p -> new double[] {ppo(p).evaluate(in.batch(), in.global()).metrics().clipFraction()}));
  }

  private List<Formula> sequence() {
    return List.of(
        Formula.of("gspo\\.seq_ratio", _ -> sequenceRatios()),
        Formula.of("loss\\.gspo #/#", p -> value(gspo(p))),
        Formula.of("grad\\.gspo #/# .*", p -> gradient(gspo(p))));
  }

  private List<Formula> weighted() {
    return List.of(
        Formula.of(
            "loss\\.cispo clip \\[#,#\\] " + MODE + "(?: .*)?",
            p -> value(aggregated(cispo(p), p.text(3)))),
        Formula.of("grad\\.cispo \\[#,#\\] .*", p -> gradient(cispo(p))),
        Formula.of(
            "loss\\.cispo upper only # absolute.*",
            p -> value(SurrogateLoss.of(new Cispo(0, p.number(1))))),
        Formula.of("loss\\.dppo_tv \\(.*mask \\+-#, kl_tau #\\).*", p -> value(dppo(p))),
        Formula.of("dppo\\.keep_mask", _ -> keepMask()));
  }

  private List<Formula> forge() {
    return List.of(
        Formula.of(
            "loss\\.grpo = dapo " + MODE + " \\+ beta # \\* (k1|k2|k3\\+?)", this::dapoWithKl),
        Formula.of("forge\\.SimpleGRPOLoss beta=#.*", p -> value(simpleGrpo(p), onPolicy())),
        Formula.of(
            "grad\\.forge\\.SimpleGRPOLoss beta=#.*", p -> gradient(simpleGrpo(p), onPolicy())),
        Formula.of("forge\\.ReinforceLoss clamp #-# " + MODE, p -> value(reinforce(p))),
        Formula.of(
            "grad\\.forge\\.ReinforceLoss wrt logp", _ -> gradient(SurrogateLoss.reinforce())));
  }

  private List<Formula> invariance() {
    return List.of(
        Formula.of("invariance\\.token-mean: whole batch", _ -> value(SurrogateLoss.of(CLIP))),
        Formula.of(
            "invariance\\.token-mean: rows (.*) with global N.*",
            p -> new double[] {overParts(p.text(1), in.global())}),
        Formula.of("invariance\\.WRONG mean of # micro-batch means.*", this::naiveMean));
  }

  private List<Formula> published() {
    return List.of(
        Formula.of("loss\\.dualclip published NeMo case", _ -> publishedDualClip()),
        Formula.of("icepop published NeMo case", _ -> publishedIcePop()));
  }

  private static SurrogateLoss ppo(Formula.Parameters p) {
    return SurrogateLoss.of(new PpoClip(p.number(1), p.number(2)));
  }

  private static SurrogateLoss gspo(Formula.Parameters p) {
    return SurrogateLoss.gspo(p.number(1), p.number(2));
  }

  private static SurrogateLoss cispo(Formula.Parameters p) {
    return SurrogateLoss.of(new Cispo(p.number(1), p.number(2)));
  }

  private static SurrogateLoss reinforce(Formula.Parameters p) {
    return cispo(p).withAnchor(Anchor.ROLLOUT);
  }

  private static SurrogateLoss dppo(Formula.Parameters p) {
    return SurrogateLoss.of(new DppoTv(p.number(1), p.number(2))).withAnchor(Anchor.ROLLOUT);
  }

  private double[] dapoWithKl(Formula.Parameters p) {
    var kl = new Kl.Penalty(KlFormulas.estimator(p.text(3)), p.number(2));
    return value(aggregated(SurrogateLoss.of(CLIP).withKl(kl), p.text(1)));
  }

  private static SurrogateLoss simpleGrpo(Formula.Parameters p) {
    return SurrogateLoss.of(CLIP)
        .withAggregation(new Aggregation.SequenceMeanTokenMean())
        .withKl(new Kl.Penalty(Kl.K3, p.number(1)));
  }

  /// TorchForge's ratio is to the current policy itself.
  private TokenBatch onPolicy() {
    return in.batch().withOldLogprobs(new double[0]);
  }

  private double[] sequenceRatios() {
    double[] ratios = new double[in.layout().numSequences()];
    for (int i = 0; i < ratios.length; i++) {
      double sum = 0;
      for (int t = in.layout().start(i); t < in.layout().end(i); t++) {
        sum += in.layout().mask()[t] ? in.batch().logprobs()[t] - in.batch().oldLogprobs()[t] : 0;
      }
      ratios[i] = Surrogate.ratio(sum / Math.max(1, in.layout().numTargets(i)), 0);
    }
    return ratios;
  }

  /// The bound is that of the loss's key.
  private double[] keepMask() {
    var loss =
        Formula.of(
            "loss\\.dppo_tv \\(.*mask \\+-#, kl_tau #\\).*",
            p -> {
              var term = new DppoTv(p.number(1), p.number(2));
              double[] keep = new double[in.layout().numTokens()];
              for (int t = 0; t < keep.length; t++) {
                boolean keeps =
                    term.keeps(
                        in.batch().logprobs()[t],
                        in.batch().rolloutLogprobs()[t],
                        in.batch().advantages()[t]);
                keep[t] = in.layout().mask()[t] && keeps ? 1 : 0;
              }
              return keep;
            });
    return firstKey(loss);
  }

  private double[] naiveMean(Formula.Parameters parameters) {
    var rows =
        Formula.of(
            "invariance\\.token-mean: rows (.*) with global N.*",
            p ->
                new double[] {
                  overParts(p.text(1), new Denominators(0, 0, java.util.Map.of()))
                      / parameters.number(1)
                });
    return firstKey(rows);
  }

  /// The sum over parts such as `0 | 1,2 | 3`; with no global counts, each part has its own.
  private double overParts(String parts, Denominators global) {
    double sum = 0;
    for (String part : parts.split("\\|", -1)) {
      String[] rows = part.strip().split(",", -1);
      int first = Integer.parseInt(rows[0].strip());
      int last = Integer.parseInt(rows[rows.length - 1].strip());
      TokenBatch batch = in.rows(first, last + 1);
      var counts = global.tokens() == 0 ? Denominators.of(batch.layout()) : global;
      sum += SurrogateLoss.of(CLIP).evaluate(batch, counts).value();
    }
    return sum;
  }

  private double[] firstKey(Formula formula) {
    return in.root().propertyNames().stream()
        .flatMap(key -> formula.apply(key).stream())
        .findFirst()
        .orElse(new double[0]);
  }

  /// Source: NeMo-RL `test_loss_functions.py` test_clipped_pg_loss_dual_clip.
  private static double[] publishedDualClip() {
    double[] logprobs = {Math.log(0.5) - 1, -1, Math.log(10) - 3};
    var layout = TokenLayout.of(new int[] {3}, new int[] {0});
    var batch =
        TokenBatch.of(layout, logprobs, new double[] {1, -1, -4})
            .withOldLogprobs(new double[] {-1, -1, -3});
    return new double[] {
      SurrogateLoss.of(new DualClip(CLIP, 3)).evaluate(batch, Denominators.of(layout)).value()
    };
  }

  /// Source: NeMo-RL `test_loss_functions.py` test_clipped_pg_loss_icepop_importance_sampling.
  private static double[] publishedIcePop() {
    double[] old = {-1, -1, -1};
    var layout = TokenLayout.of(new int[] {3}, new int[] {0});
    var batch =
        TokenBatch.of(layout, old, new double[] {1, -1, 2})
            .withOldLogprobs(old)
            .withRolloutLogprobs(new double[] {-0.5, -3.5, -0.8});
    var loss = SurrogateLoss.of(CLIP).withCorrection(new Correction.TokenMask(0.5, 5));
    return new double[] {loss.evaluate(batch, Denominators.of(layout)).value()};
  }

  private SurrogateLoss aggregated(SurrogateLoss loss, String mode) {
    return loss.withAggregation(
        switch (mode) {
          case "token-mean" -> new Aggregation.TokenMean();
          case "seq-mean-token-mean" -> new Aggregation.SequenceMeanTokenMean();
          case "seq-mean-token-sum" -> new Aggregation.SequenceMeanTokenSum(1);
          case "seq-mean-token-sum-norm" -> new Aggregation.SequenceMeanTokenSum(in.width());
          case "prompt-mean" -> new Aggregation.PromptMean();
          default ->
              throw new IllegalArgumentException(
                  "aggregation is one of token-mean, seq-mean-token-mean, seq-mean-token-sum, seq-mean-token-sum-norm, prompt-mean: aggregation="
                      + mode);
        });
  }

  private double[] perTarget(ToDoubleBiFunction<Double, Double> value) {
    double[] values = new double[in.layout().numTokens()];
    for (int t = 0; t < values.length; t++) {
      boolean target = in.layout().mask()[t];
      values[t] =
          target ? value.applyAsDouble(in.batch().logprobs()[t], in.batch().oldLogprobs()[t]) : 0;
    }
    return values;
  }

  private double[] value(SurrogateLoss loss) {
    return value(loss, in.batch());
  }

  private double[] value(SurrogateLoss loss, TokenBatch batch) {
    return new double[] {loss.evaluate(batch, in.global()).value()};
  }

  private double[] gradient(SurrogateLoss loss) {
    return gradient(loss, in.batch());
  }

  private double[] gradient(SurrogateLoss loss, TokenBatch batch) {
    return loss.evaluate(batch, in.global()).gradient();
  }
}
