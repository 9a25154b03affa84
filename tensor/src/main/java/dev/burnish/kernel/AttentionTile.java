package dev.burnish.kernel;

import dev.burnish.kernel.AttentionPlan.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Adjacent query rows whose scores are computed together, and the runs of keys that they see.
///
/// Idea: nodes that share keys (the samples below a prompt, the prompts below a common beginning)
/// have adjacent rows, so a shared run of keys is one matrix product for all of them. A key stands
/// in the column of its position, the same for every row that sees it, so the visible columns of a
/// row are one run. Rows of a long node are cut into tiles; short nodes are combined.
///
/// @param queryStart first query row
/// @param positions of each row's own key among the keys it sees
/// @param ends of the columns that are computed for each row: past its position where later rows of
///   its node are in the tile
/// @param spans of keys, each with the rows of this tile that see it
/// @param runs the same, with adjacent columns that the same rows see as one
/// @param columns of the score matrix
record AttentionTile(
    int queryStart, int[] positions, int[] ends, List<Span> spans, List<Run> runs, int columns) {
  /// Query rows of a tile: scores of 64 rows against 2 048 keys are 512 KB, half a second-level
  /// cache.
  private static final int MOST_ROWS = 64;

  /// Adjacent key rows, the column of the first, and the rows of the tile that see them.
  record Span(int keyRow, int length, int column, int firstRow, int rows) {
    private boolean goesOn(Span next) {
      return keyRow == next.keyRow
          && length == next.length
          && column == next.column
          && firstRow + rows == next.firstRow;
    }

    private boolean continues(Span before, int columnAfter) {
      return column == columnAfter && firstRow == before.firstRow && rows == before.rows;
    }

    private Span and(Span next) {
      return new Span(keyRow, length, column, firstRow, rows + next.rows);
    }
  }

  /// Keys of adjacent columns in the order of their positions, wherever they lie, and the rows of
  /// the tile that see them: the blocks of a paged cache are one run.
  ///
  /// @param keyRows row of each key
  /// @param column of the first
  /// @param inStep whether keys lie in panels ([PanelKeyValues]) as their columns do
  record Run(int[] keyRows, int column, int firstRow, int rows, boolean inStep) {
    int length() {
      return keyRows.length;
    }

    /// Panels of columns that it has a part of.
    int numPanels() {
      int size = PanelKeyValues.TOKENS;
      return (column + length() - 1) / size - column / size + 1;
    }

    /// The panel of rows of the `index`-th panel of columns, where they are in step.
    int panel(int index) {
      int size = PanelKeyValues.TOKENS;
      return keyRows[Math.max(0, (column / size + index) * size - column)] / size;
    }

    private static boolean inStep(int[] keyRows, int column) {
      int size = PanelKeyValues.TOKENS;
      for (int i = 0; i < keyRows.length; i++) {
        boolean first = i == 0 || (column + i) % size == 0;
        if (first ? keyRows[i] % size != (column + i) % size : keyRows[i] != keyRows[i - 1] + 1) {
          return false;
        }
      }
      return true;
    }

    /// The runs of some spans. A row's runs are in the order of its columns, as its spans are.
    static List<Run> of(List<Span> spans) {
      List<Run> runs = new ArrayList<>();
      int next;
      for (int first = 0; first < spans.size(); first = next) {
        Span span = spans.get(first);
        int length = span.length();
        next = first + 1;
        while (next < spans.size() && spans.get(next).continues(span, span.column() + length)) {
          length += spans.get(next++).length();
        }
        int[] keyRows = keyRows(spans.subList(first, next), length);
        runs.add(
            new Run(
                keyRows,
                span.column(),
                span.firstRow(),
                span.rows(),
                inStep(keyRows, span.column())));
      }
      return List.copyOf(runs);
    }

    private static int[] keyRows(List<Span> spans, int length) {
      int[] keyRows = new int[length];
      int at = 0;
      for (Span span : spans) {
        for (int i = 0; i < span.length(); i++) {
          keyRows[at++] = span.keyRow() + i;
        }
      }
      return keyRows;
    }
  }

  int rows() {
    return positions.length;
  }

  /// First column that row `i` sees under a window.
  int low(int i, int window) {
    return window == AttentionPlan.NO_WINDOW ? 0 : Math.max(0, positions[i] - window + 1);
  }

  /// Sets the computed but hidden columns of row `i` to 0.
  void blank(int i, int window, long row) {
    int low = low(i, window);
    int end = positions[i] + 1;
    if (low > 0) {
      Lanes.zero(row, low);
    }
    if (end < ends[i]) {
      Lanes.zero(row + 4L * end, ends[i] - end);
    }
  }

  /// The tiles of some nodes, in their order.
  static List<AttentionTile> of(List<Node> nodes) {
    List<AttentionTile> tiles = new ArrayList<>();
    Builder builder = new Builder();
    for (Node node : nodes) {
      for (int first = 0; first < node.queries(); first += MOST_ROWS) {
        int rows = Math.min(MOST_ROWS, node.queries() - first);
        if (!builder.takes(node.queryStart() + first, rows)) {
          tiles.add(builder.build());
          builder = new Builder();
        }
        builder.add(node, first, rows);
      }
    }
    if (builder.rows > 0) {
      tiles.add(builder.build());
    }
    return tiles;
  }

  private static final class Builder {
    private final List<Span> spans = new ArrayList<>();
    private final int[] positions = new int[MOST_ROWS];
    private final int[] ends = new int[MOST_ROWS];
    private int[] path = new int[0];
    private int queryStart;
    private int rows;
    private int columns;

    boolean takes(int queryRow, int count) {
      return rows == 0 || (queryRow == queryStart + rows && rows + count <= MOST_ROWS);
    }

    void add(Node node, int first, int count) {
      if (rows == 0) {
        queryStart = node.queryStart() + first;
      }
      int before = node.numKeys() - node.queries() + first;
      int keys = before + count;
      int[] beforePath = path;
      int column = 0;
      int depth = 0;
      int[] indices = new int[node.spanStarts().length];
      for (; depth < indices.length && column < keys; depth++) {
        int length = Math.min(node.spanLengths()[depth], keys - column);
        Span span = new Span(node.spanStarts()[depth], length, column, rows, count);
        indices[depth] = see(span, depth < beforePath.length ? beforePath[depth] : spans.size());
        column += length;
      }
      path = Arrays.copyOf(indices, depth);
      for (int i = 0; i < count; i++) {
        positions[rows + i] = before + i;
        ends[rows + i] = keys;
      }
      rows += count;
      columns = Math.max(columns, keys);
    }

    /// Adds a span, or its rows to the one that the node before has at that depth.
    private int see(Span span, int index) {
      if (index < spans.size() && spans.get(index).goesOn(span)) {
        spans.set(index, spans.get(index).and(span));
        return index;
      }
      spans.add(span);
      return spans.size() - 1;
    }

    AttentionTile build() {
      return new AttentionTile(
          queryStart,
          Arrays.copyOf(positions, rows),
          Arrays.copyOf(ends, rows),
          List.copyOf(spans),
          Run.of(spans),
          columns);
    }
  }
}
