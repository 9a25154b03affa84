package dev.burnish.kernel;

import java.util.ArrayList;
import java.util.List;

/// The key rows that each query row attends to.
///
/// A batch is a list of [Node]s: a run of adjacent query rows whose keys are, in order of position,
/// runs of adjacent key rows. Each query of a node sees all keys of its spans except those of the
/// last span that come after it: with `n` queries, query `i` does not see the last `n - 1 - i`
/// keys. That covers a packed document (one span, itself), a sample below a shared prompt (the
/// prompt's span, then itself), and one step of decoding (spans in the cache, the last key being
/// its own).
///
/// Immutable.
public final class AttentionPlan {
  public static final int NO_WINDOW = Integer.MAX_VALUE;

  /// Adjacent query rows and the spans of key rows they see.
  ///
  /// @param spanStarts first key row of each span
  /// @param spanLengths key rows of each span; the last one is at least `queries` long
  public record Node(int queryStart, int queries, int[] spanStarts, int[] spanLengths) {
    public int numKeys() {
      int keys = 0;
      for (int length : spanLengths) {
        keys += length;
      }
      return keys;
    }
  }

  private final List<Node> nodes;
  private final List<List<AttentionTile>> tiles;
  private final int window;

  /// @param nodes in any order; those that share keys are best adjacent, in rows too
  /// @param groups nodes that share keys carry the same group: the backward writes a group's key
  ///   gradients in one thread. Groups count from 0.
  /// @param window each query sees at most this many latest keys, itself included; [#NO_WINDOW] for
  ///   all
  public AttentionPlan(List<Node> nodes, int[] groups, int window) {
    this(List.copyOf(nodes), tiles(nodes, groups), window);
  }

  private AttentionPlan(List<Node> nodes, List<List<AttentionTile>> tiles, int window) {
    if (window < 1) {
      throw new IllegalArgumentException(
          "a query sees at least itself: window=%d is below 1".formatted(window));
    }
    this.nodes = nodes;
    this.tiles = tiles;
    this.window = window;
  }

  private static List<List<AttentionTile>> tiles(List<Node> nodes, int[] groups) {
    if (groups.length != nodes.size()) {
      throw new IllegalArgumentException(
          "a plan has a group for each node: nodes=%d groups=%d"
              .formatted(nodes.size(), groups.length));
    }
    List<List<Node>> byGroup = new ArrayList<>();
    for (int i = 0; i < groups.length; i++) {
      while (byGroup.size() <= groups[i]) {
        byGroup.add(new ArrayList<>());
      }
      byGroup.get(groups[i]).add(nodes.get(i));
    }
    return byGroup.stream().map(AttentionTile::of).toList();
  }

  public AttentionPlan withWindow(int newWindow) {
    return new AttentionPlan(nodes, tiles, newWindow);
  }

  public List<Node> nodes() {
    return nodes;
  }

  public int window() {
    return window;
  }

  /// The tiles of each group.
  List<List<AttentionTile>> tiles() {
    return tiles;
  }
}
