package dev.burnish.text;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Tokens by id and ids by token, of the model and the added ones together.
final class Vocabulary {
  /// Larger than any published vocabulary, small enough that a malicious file costs little.
  static final int LARGEST_ID = (1 << 22) - 1;

  private final Map<String, Integer> ids;
  private final @Nullable String[] tokens;
  private final BitSet special = new BitSet();
  private final List<AddedToken> added;

  /// @throws TokenizerException if an id is out of range or stands for two tokens
  Vocabulary(Map<String, Integer> model, List<AddedToken> added) {
    this.ids = new HashMap<>(model);
    this.added = List.copyOf(added);
    for (AddedToken token : added) {
      ids.put(token.content(), token.id());
    }
    int size = 0;
    for (Map.Entry<String, Integer> entry : ids.entrySet()) {
      size = Math.max(size, checkedId(entry.getKey(), entry.getValue()) + 1);
    }
    tokens = new @Nullable String[size];
    ids.forEach(this::place);
    for (AddedToken token : added) {
      special.set(token.id(), token.special());
    }
  }

  private static int checkedId(String token, int id) {
    if (id < 0 || id > LARGEST_ID) {
      throw new TokenizerException(
          "ids must be in 0..%d: token=%s id=%d".formatted(LARGEST_ID, token, id));
    }
    return id;
  }

  private void place(String token, int id) {
    String other = tokens[id];
    if (other != null) {
      throw new TokenizerException(
          "each id must stand for one token: id=%d tokens=%s, %s".formatted(id, other, token));
    }
    tokens[id] = token;
  }

  List<AddedToken> added() {
    return added;
  }

  int size() {
    return tokens.length;
  }

  OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  Optional<String> token(int id) {
    return id < 0 || id >= tokens.length ? Optional.empty() : Optional.ofNullable(tokens[id]);
  }

  boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /// A token of the `added_tokens` of a `tokenizer.json`.
  ///
  /// @param singleWord matched only between characters that are no word characters
  /// @param lstrip takes the white space before it
  /// @param rstrip takes the white space after it
  /// @param normalized searched for in the normalised text, not in the original one
  record AddedToken(
      int id,
      String content,
      boolean singleWord,
      boolean lstrip,
      boolean rstrip,
      boolean normalized,
      boolean special) {}
}
