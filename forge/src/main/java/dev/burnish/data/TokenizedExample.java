package dev.burnish.data;

import dev.burnish.tensor.KeyedRandom;

/// A text to learn, as tokens.
///
/// @param lossMask which tokens are predicted; the first never is, since nothing comes before it
/// @param id where it came from, such as `train.jsonl:17`
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record TokenizedExample(int[] tokens, boolean[] lossMask, String id) {
  public TokenizedExample {
    if (tokens.length != lossMask.length) {
      throw new IllegalArgumentException(
          "lossMask must have one entry per token: id=%s tokens=%d lossMask=%d"
              .formatted(id, tokens.length, lossMask.length));
    }
    if (targets(lossMask) == 0) {
      throw new IllegalArgumentException(
          "a document must have tokens to learn after its first one: id=%s tokens=%d"
              .formatted(id, tokens.length));
    }
  }

  /// Whether each token is learned: [#lossMask], by the name that the messages of a row use.
  public boolean[] learned() {
    return lossMask;
  }

  /// Tokens that are predicted.
  public int numTargets() {
    return targets(lossMask);
  }

  private static int targets(boolean[] lossMask) {
    int count = 0;
    for (int i = 1; i < lossMask.length; i++) {
      count += lossMask[i] ? 1 : 0;
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
