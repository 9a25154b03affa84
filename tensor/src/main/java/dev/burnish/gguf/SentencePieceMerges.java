package dev.burnish.gguf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;

/// The merges of a SentencePiece vocabulary, which has scores instead: two pieces become one where
/// their text is a piece, the highest score first.
///
/// Source: `generate_merges` of transformers, whose order this is.
final class SentencePieceMerges {
  /// A merge; lengths in code points.
  private record Merge(String left, String right, float score, int leftLength, int rightLength) {}

  private static final Comparator<Merge> ORDER =
      Comparator.comparingDouble(Merge::score)
          .thenComparingInt(Merge::leftLength)
          .thenComparingInt(Merge::rightLength)
          .reversed();

  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String> pieces = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();

  /// Adds a piece that text may consist of, in order of the ids.
  void add(String piece, int id, float score) {
    ids.put(piece, id);
    pieces.add(piece);
    scores.add(score);
  }

  void writeTo(ArrayNode merges) {
    List<Merge> all = new ArrayList<>();
    for (int i = 0; i < pieces.size(); i++) {
      all.addAll(of(pieces.get(i), scores.get(i)));
    }
    all.stream().sorted(ORDER).forEach(merge -> merges.addArray().add(merge.left).add(merge.right));
  }

  private List<Merge> of(String piece, float score) {
    List<Merge> merges = new ArrayList<>();
    int length = piece.codePointCount(0, piece.length());
    for (int i = 1; i < length; i++) {
      int at = piece.offsetByCodePoints(0, i);
      String left = piece.substring(0, at);
      String right = piece.substring(at);
      if (ids.containsKey(left) && ids.containsKey(right)) {
        merges.add(new Merge(left, right, score, i, length - i));
      }
    }
    merges.sort(
        Comparator.comparing((Merge merge) -> ids.get(merge.left))
            .thenComparing(merge -> ids.get(merge.right)));
    return merges;
  }
}
