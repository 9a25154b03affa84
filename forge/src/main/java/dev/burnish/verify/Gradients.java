package dev.burnish.verify;

import dev.burnish.nn.Decoder;
import dev.burnish.tensor.Tensor;
import tools.jackson.databind.JsonNode;

/// The gradients that a model holds, against recorded ones.
final class Gradients {
  private Gradients() {}

  /// A gradient that is nothing but rounding, such as that of a bias that the softmax takes out
  /// again, has another norm in every order of adding up. So differences are relative to the norm,
  /// but at least to this share of the norm of all, so that they may be the last bit of it.
  private static final double ROUNDING = 1e-4;

  static void norms(Decoder model, JsonNode recorded, double tolerance, Evidence.Collector found) {
    double all = 0;
    for (JsonNode norm : recorded) {
      all += norm.asDouble() * norm.asDouble();
    }
    double least = Math.max(1e-12, ROUNDING * Math.sqrt(all));
    recorded
        .properties()
        .forEach(entry -> {
          double expected = entry.getValue().asDouble();
          double difference = norm(model, entry.getKey()) - expected;
          found.add(
              "gradient norms",
              tolerance,
              difference / Math.max(least, expected),
              0,
              entry.getKey());
        });
  }

  private static double norm(Decoder model, String name) {
    double sum = 0;
    for (float g : gradient(model, name)) {
      sum += (double) g * g;
    }
    return Math.sqrt(sum);
  }

  static float[] gradient(Decoder model, String name) {
    try (Tensor gradient = model.part(name).gradients().of(name)) {
      return gradient.toFloatArray();
    }
  }
}
