package dev.burnish.nn;

import java.util.Arrays;

/// The tokens whose log-probabilities are computed: token `ids[i]`, predicted by row `rows[i]` of a
/// batch.
public final class Targets {
  private int[] rows = new int[16];
  private int[] ids = new int[16];
  private int size;

  /// Those with these rows and ids.
  public static Targets of(int[] rows, int[] ids) {
    Targets targets = new Targets();
    for (int i = 0; i < rows.length; i++) {
      targets.add(rows[i], ids[i]);
    }
    return targets;
  }

  public Targets add(int row, int id) {
    if (size == rows.length) {
      rows = Arrays.copyOf(rows, 2 * size);
      ids = Arrays.copyOf(ids, 2 * size);
    }
    rows[size] = row;
    ids[size++] = id;
    return this;
  }

  /// Adds every token of a node from index `from` on.
  public Targets addNode(TokenForest forest, int node, int from) {
    int[] tokens = forest.tokens();
    for (int i = from; i < forest.length(node); i++) {
      add(forest.predictor(node, i), tokens[forest.start(node) + i]);
    }
    return this;
  }

  /// Adds every token of a continuation that [PrefixTree#addContinued] took.
  ///
  /// @param rows of the sequence, see [PrefixTree.Placed#rows]
  public Targets addContinuation(int[] rows, int[] continuation) {
    for (int t = 0; t < continuation.length; t++) {
      add(rows[rows.length - continuation.length + t], continuation[t]);
    }
    return this;
  }

  public int size() {
    return size;
  }

  public int[] rows() {
    return Arrays.copyOf(rows, size);
  }

  public int[] ids() {
    return Arrays.copyOf(ids, size);
  }
}
