package dev.burnish.verify.losses;

import dev.burnish.nn.LoraConfig;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Low-rank adapters: their scale and initial values, which the key states; and where the file has
/// `lora.inputs` (matrices `w`, `a`, `b` as rows, a vector `x`), their output and their merge.
record AdapterFormulas(GoldenInputs in) {
  /// The `alpha / rank` of the file's example, unless the key has another.
  private static final double MERGED_ALPHA = 16;

  List<Formula> all() {
    List<Formula> formulas = new ArrayList<>();
    formulas.add(Formula.of("lora r=# alpha=# scale", p -> scale(p, false)));
    formulas.add(Formula.of("rslora r=# alpha=# scale", p -> scale(p, true)));
    formulas.add(
        Formula.of(
            "lora A .*in_features=#.*",
            p -> new double[] {LoraConfig.initialBound((long) p.number(1))}));
    JsonNode inputs = in.root().path("lora.inputs");
    if (inputs.has("w") && inputs.has("a") && inputs.has("b") && inputs.has("x")) {
      double[][] w = rows(inputs.get("w"));
      double[][] a = rows(inputs.get("a"));
      double[][] b = rows(inputs.get("b"));
      double[] x = GoldenInputs.flatten(inputs.get("x"));
      formulas.add(
          Formula.of("lora r=# alpha=#: y = .*", p -> adapted(w, a, b, x, scale(p, false)[0])));
      double scale = config(a.length, inputs.path("alpha").asDouble(MERGED_ALPHA), false).scale();
      formulas.add(Formula.of("lora merged W", _ -> merged(w, a, b, scale)));
    }
    return formulas;
  }

  private static double[] scale(Formula.Parameters p, boolean stabilized) {
    return new double[] {config((int) p.number(1), p.number(2), stabilized).scale()};
  }

  private static LoraConfig config(int rank, double alpha, boolean stabilized) {
    return LoraConfig.defaults().withRank(rank).withAlpha(alpha).withRankStabilized(stabilized);
  }

  private static double[] adapted(
      double[][] w, double[][] a, double[][] b, double[] x, double scale) {
    double[] plain = times(w, x);
    double[] change = times(b, times(a, x));
    for (int i = 0; i < plain.length; i++) {
      plain[i] += scale * change[i];
    }
    return plain;
  }

  private static double[] merged(double[][] w, double[][] a, double[][] b, double scale) {
    int columns = w[0].length;
    double[] merged = new double[w.length * columns];
    for (int i = 0; i < merged.length; i++) {
      double change = 0;
      for (int r = 0; r < a.length; r++) {
        change += b[i / columns][r] * a[r][i % columns];
      }
      merged[i] = w[i / columns][i % columns] + scale * change;
    }
    return merged;
  }

  private static double[] times(double[][] matrix, double[] x) {
    double[] product = new double[matrix.length];
    for (int i = 0; i < product.length; i++) {
      for (int k = 0; k < x.length; k++) {
        product[i] += matrix[i][k] * x[k];
      }
    }
    return product;
  }

  private static double[][] rows(JsonNode node) {
    return node.valueStream().map(GoldenInputs::flatten).toArray(double[][]::new);
  }
}
