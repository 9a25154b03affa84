package dev.burnish.train;

import dev.burnish.nn.TargetLoss;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import java.util.List;

/// What one forward and backward takes: packed tokens and the loss of their targets.
///
/// @param loss its share in the loss of the whole step
public record MicroBatch(PackedTokens tokens, TargetLoss loss) {
  /// Micro-batches of one loss that is the same function of each of them.
  public static List<MicroBatch> of(List<PackedTokens> packed, TargetLoss loss) {
    return packed.stream().map(tokens -> new MicroBatch(tokens, loss)).toList();
  }

  public TokenForest forest() {
    return tokens.forest();
  }

  public Targets targets() {
    return tokens.targets();
  }

  /// The tokens of these micro-batches without their losses.
  static List<PackedTokens> tokens(List<MicroBatch> batches) {
    return batches.stream().map(MicroBatch::tokens).toList();
  }
}
