package dev.burnish.train;

import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import java.util.List;

/// Tokens that go through the model together, and the tokens among them to be predicted.
///
/// @param ids what they were made from, to name them where something is wrong
public record PackedTokens(TokenForest forest, Targets targets, List<String> ids) {
  public PackedTokens {
    ids = List.copyOf(ids);
  }

  /// Of unnamed origin.
  public PackedTokens(TokenForest forest, Targets targets) {
    this(forest, targets, List.of());
  }
}
