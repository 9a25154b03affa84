package dev.burnish.train;

import dev.burnish.concurrent.Stop;
import dev.burnish.kernel.Numerics;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import java.util.ArrayList;
import java.util.List;

/// Outputs of a model for the targets of batches, without a gradient.
final class Forward {
  private interface Output {
    float[] of(Pass pass, Targets targets);
  }

  private Forward() {}

  /// The log-probabilities of the targets of each batch.
  static List<float[]> logprobs(Decoder model, List<PackedTokens> batches, Numerics numerics) {
    return of(model, batches, numerics, (pass, targets) -> pass.logprobs(targets, 1).logprobs());
  }

  /// The values that a critic gives the targets of each batch.
  static List<float[]> values(Decoder critic, List<PackedTokens> batches) {
    return of(critic, batches, Numerics.FASTEST, Pass::values);
  }

  /// Runs whatever head the model has, for the time that it takes.
  static void run(Decoder model, List<PackedTokens> batches) {
    if (model.shape().head() == HeadKind.VALUE) {
      values(model, batches);
    } else {
      logprobs(model, batches, Numerics.FASTEST);
    }
  }

  private static List<float[]> of(
      Decoder model, List<PackedTokens> batches, Numerics numerics, Output output) {
    List<float[]> result = new ArrayList<>();
    for (PackedTokens batch : batches) {
      Stop.check();
      try (Pass pass = model.evaluate(batch.forest(), numerics)) {
        result.add(output.of(pass, batch.targets()));
      }
    }
    return result;
  }
}
