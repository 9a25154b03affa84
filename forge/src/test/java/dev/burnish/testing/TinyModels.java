package dev.burnish.testing;

import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;

/// Models small enough to train inside a test.
public final class TinyModels {
  private TinyModels() {}

  /// Two layers of 16 columns, with weights large enough that tokens differ in probability.
  public static LanguageModel llama(int vocabulary, int endToken, long seed) {
    return LanguageModel.random(
        new LlamaConfig(vocabulary, 16, 32, 2, 4, 2, 64, 10_000, 0.3, endToken).toJson(), seed);
  }
}
