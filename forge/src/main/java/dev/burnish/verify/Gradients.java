package dev.burnish.verify;

import dev.burnish.nn.Decoder;
import dev.burnish.tensor.Tensor;
import tools.jackson.databind.JsonNode;

/// The gradients that a model holds, against recorded ones.
final class Gradients {
  private Gradients() {}

  static void norms(Decoder model, JsonNode recorded, double tolerance, Evidence.Collector found) {
    recorded
        .properties()
        .forEach(entry -> {
          double sum = 0;
          for (float g : gradient(model, entry.getKey())) {
            sum += (double) g * g;
          }
          found.addRelative(
              "gradient norms",
              tolerance,
              Math.sqrt(sum),
              entry.getValue().asDouble(),
              entry.getKey());
        });
  }

  static float[] gradient(Decoder model, String name) {
    try (Tensor gradient = model.part(name).gradient(name)) {
      return gradient.toFloatArray();
    }
  }
}
