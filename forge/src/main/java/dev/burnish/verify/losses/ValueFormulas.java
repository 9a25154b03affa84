package dev.burnish.verify.losses;

import dev.burnish.algorithm.Aggregation;
import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.TokenLayout;
import dev.burnish.algorithm.advantage.ValueBatch;
import dev.burnish.algorithm.advantage.ValueLoss;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// The critic's loss, where the file has `value.inputs`: `values`, `old_values`, `returns`, one
/// number per token, all of them targets.
record ValueFormulas(GoldenInputs in) {
  List<Formula> all() {
    JsonNode inputs = in.root().path("value.inputs");
    return inputs.has("values") && inputs.has("old_values") && inputs.has("returns")
        ? List.of(Formula.of("value\\.clipped eps=#.*", p -> clipped(p.number(1), inputs)))
        : List.of();
  }

  private static double[] clipped(double clip, JsonNode inputs) {
    double[] values = GoldenInputs.flatten(inputs.get("values"));
    boolean[] targets = new boolean[values.length];
    Arrays.fill(targets, true);
    var layout = new TokenLayout(new int[] {0, values.length}, new int[] {0}, targets);
    var loss = new ValueLoss(clip, new Aggregation.TokenMean());
    double[] old = GoldenInputs.flatten(inputs.get("old_values"));
    double[] returns = GoldenInputs.flatten(inputs.get("returns"));
    return new double[] {
      loss.evaluate(new ValueBatch(layout, values, old, returns), Denominators.of(layout)).value()
    };
  }
}
