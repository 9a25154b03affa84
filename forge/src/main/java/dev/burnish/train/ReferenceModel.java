package dev.burnish.train;

import dev.burnish.kernel.Numerics;
import dev.burnish.nn.Decoder;
import java.util.List;

/// A frozen model near which a policy is held. Like a [Trainer], it may be in another process.
public interface ReferenceModel {
  /// Log-probabilities of the targets of each batch, bit-identical to those that a policy loss
  /// compares.
  List<float[]> logprobs(List<PackedTokens> batches);

  /// A decoder of this process, which its owner still owns.
  static ReferenceModel of(Decoder model) {
    return batches -> Forward.logprobs(model, batches, Numerics.BATCH_INVARIANT);
  }
}
