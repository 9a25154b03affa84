package dev.burnish.train;

import dev.burnish.concurrent.Stop;
import dev.burnish.kernel.Numerics;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Pass;
import java.util.ArrayList;
import java.util.List;

/// Log-probabilities of given tokens, without a gradient.
final class Logprobs {
  private Logprobs() {}

  /// The log-probabilities of the targets of each batch.
  static List<float[]> of(Decoder model, List<PackedTokens> batches, Numerics numerics) {
    List<float[]> result = new ArrayList<>();
    for (PackedTokens batch : batches) {
      Stop.check();
      try (Pass pass = model.evaluate(batch.forest(), numerics)) {
        result.add(pass.logprobs(batch.targets(), 1).logprobs());
      }
    }
    return result;
  }
}
