package dev.burnish.text;

import dev.burnish.text.Vocabulary.AddedToken;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Finds added tokens in a text: the leftmost one, and of those that begin there the longest.
final class AddedTokens {
  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Character, int[]> lengthsByFirst = new HashMap<>();

  AddedTokens(List<AddedToken> tokens) {
    Map<Character, java.util.TreeSet<Integer>> lengths = new HashMap<>();
    for (AddedToken token : tokens) {
      ids.put(token.content(), token.id());
      lengths
          .computeIfAbsent(token.content().charAt(0), _ -> new java.util.TreeSet<>())
          .add(-token.content().length());
    }
    lengths.forEach((first, negated) ->
        lengthsByFirst.put(first, negated.stream().mapToInt(length -> -length).toArray()));
  }

  /// Takes a part of the text: a token, or the text between two.
  interface Sink {
    void token(int id, int start, int end);

    void text(int start, int end);
  }

  void split(String text, Sink sink) {
    int end = text.length();
    int from = 0;
    int at = 0;
    while (at < end && !ids.isEmpty()) {
      int length = lengthAt(text, at, end);
      if (length == 0) {
        at++;
        continue;
      }
      if (at > from) {
        sink.text(from, at);
      }
      sink.token(ids.getOrDefault(text.substring(at, at + length), -1), at, at + length);
      at += length;
      from = at;
    }
    if (end > from) {
      sink.text(from, end);
    }
  }

  private int lengthAt(String text, int at, int end) {
    int[] lengths = lengthsByFirst.get(text.charAt(at));
    if (lengths == null) {
      return 0;
    }
    return Arrays.stream(lengths)
        .filter(n -> at + n <= end && ids.containsKey(text.substring(at, at + n)))
        .findFirst()
        .orElse(0);
  }
}
