package dev.burnish.train;

import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import java.util.List;

/// Tokens that go through the model together, and the tokens among them to be predicted: target `i`
/// is the token `targetIds[i]`, predicted by row `targetRows[i]`.
///
/// @param runs of the forest
/// @param ids the names of their sources, for error messages
@SuppressWarnings("ArrayRecordComponent") // data on its way to a trainer; never compared
public record PackedTokens(
    List<TokenForest.Run> runs, int[] targetRows, int[] targetIds, List<String> ids) {
  public PackedTokens {
    runs = List.copyOf(runs);
    ids = List.copyOf(ids);
    int numTokens = numTokens(runs);
    for (int row : targetRows) {
      if (row < 0 || row >= numTokens) {
        throw new IllegalArgumentException(
            "a target's row must be one of the tokens': row=%d tokens=%d"
                .formatted(row, numTokens));
      }
    }
    if (targetRows.length != targetIds.length) {
      throw new IllegalArgumentException(
          "each target must have a row and an id: rows=%d ids=%d"
              .formatted(targetRows.length, targetIds.length));
    }
  }

  public PackedTokens(TokenForest forest, Targets targets, List<String> ids) {
    this(forest.runs(), targets.rows(), targets.ids(), ids);
  }

  /// Without names of their sources.
  public PackedTokens(TokenForest forest, Targets targets) {
    this(forest, targets, List.of());
  }

  public TokenForest forest() {
    return TokenForest.of(runs);
  }

  public Targets targets() {
    return Targets.of(targetRows, targetIds);
  }

  public int numTokens() {
    return numTokens(runs);
  }

  public int numTargets() {
    return targetRows.length;
  }

  private static int numTokens(List<TokenForest.Run> runs) {
    return runs.stream().mapToInt(run -> run.tokens().length).sum();
  }
}
