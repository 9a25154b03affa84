package dev.burnish.rl;

import dev.burnish.tensor.KeyedRandom;

/// A text to imitate, as tokens.
///
/// @param learned which tokens are predicted; the first never is, since nothing comes before it
/// @param id where it came from, such as `train.jsonl:17`
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Document(int[] tokens, boolean[] learned, String id) {
  public Document {
    if (tokens.length != learned.length) {
      throw new IllegalArgumentException(
          "each token of a document is learned or not: id=%s tokens=%d learned=%d"
              .formatted(id, tokens.length, learned.length));
    }
    if (targets(learned) == 0) {
      throw new IllegalArgumentException(
          "a document has tokens to learn after its first one: id=%s tokens=%d"
              .formatted(id, tokens.length));
    }
  }

  /// Tokens that are predicted.
  public int numTargets() {
    return targets(learned);
  }

  private static int targets(boolean[] learned) {
    int count = 0;
    for (int i = 1; i < learned.length; i++) {
      count += learned[i] ? 1 : 0;
    }
    return count;
  }

  /// A number that depends on the tokens alone: equal documents have equal ones.
  public long contentKey() {
    return key(tokens);
  }

  static long key(int... tokens) {
    long key = tokens.length;
    for (int token : tokens) {
      key = KeyedRandom.mix(key ^ token);
    }
    return key;
  }
}
