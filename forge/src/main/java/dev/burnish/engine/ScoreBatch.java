package dev.burnish.engine;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.cache.BlockTable;
import dev.burnish.kernel.AttentionPlan;
import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.TokenForest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Sequences that are scored together, and the blocks of their keys in the cache of an engine.
///
/// Idea: sequences that begin alike share the rows of a [PrefixTree]. Rows before the first target
/// of a sequence whose block the cache has already are not computed. The others of a node lie in
/// blocks of that node, at the place in a block that their position has, so that attention reads
/// them where they are; those of a root are whole beginnings, so that later sequences find them.
///
/// Blocks are held from construction until [#close]. One thread.
final class ScoreBatch implements AutoCloseable {
  /// Tokens of a batch, unless one sequence has more.
  private static final int MOST_TOKENS = 4096;

  /// Blocks that a batch needs at most, unless one sequence needs more.
  static final int MOST_BLOCKS = 384;

  /// A token that is scored, and where its log-probability goes.
  @SuppressWarnings("ArrayRecordComponent") // written to; never compared
  record Target(int token, float[] result, int index) {
    void set(float logprob) {
      result[index] = logprob;
    }
  }

  /// A root whose rows are computed: position `i` is row `start + i`.
  private record Root(BlockTable table, int start, int length) {}

  /// A target, and the row that predicts it among those that are computed together.
  record Prediction(int row, Target target) {}

  private final TokenForest forest;
  private final int[] tokens;
  private final int[] positions;
  private final int[] nodeOf;
  private final long version;
  private final List<float[]> results = new ArrayList<>();
  private final List<List<Target>> targets;
  private final List<BlockTable> tables = new ArrayList<>();
  private final List<Root> roots = new ArrayList<>();
  private final BitSet cached = new BitSet();
  private final int[] slots;
  private final int[] rows;
  private int next;

  /// As many of the first sequences as fit; none if not even the first does.
  ///
  /// @param version of the weights that compute it
  /// @param room blocks that it may take
  static Optional<ScoreBatch> of(
      List<Scorer.Scored> sequences, BlockManager blocks, long version, int room) {
    PrefixTree tree = new PrefixTree();
    int count = 0;
    while (count < sequences.size()) {
      int more = sequences.get(count).numInputs();
      int tokens = tree.numTokens() + more;
      if (mostBlocks(tokens, count + 1) > room || (count > 0 && tokens > MOST_TOKENS)) {
        break;
      }
      tree.add(Arrays.copyOf(sequences.get(count++).tokens(), more));
    }
    return count == 0
        ? Optional.empty()
        : Optional.of(new ScoreBatch(sequences.subList(0, count), tree.place(), blocks, version));
  }

  /// Blocks that some sequences of so many different tokens hold at most: each after the first may
  /// begin two nodes, and a node may begin and end within a block. What is found of one ends with a
  /// block.
  static int mostBlocks(int tokens, int sequences) {
    return BlockManager.forTokens(tokens) + 4 * (sequences - 1);
  }

  private ScoreBatch(
      List<Scorer.Scored> sequences, PrefixTree.Placed placed, BlockManager blocks, long version) {
    this.version = version;
    forest = placed.forest();
    tokens = forest.tokens();
    positions = forest.positions();
    slots = new int[tokens.length];
    nodeOf = new int[tokens.length];
    for (int node = 0; node < forest.numNodes(); node++) {
      int start = forest.start(node);
      Arrays.fill(nodeOf, start, start + forest.length(node), node);
    }
    targets =
        IntStream.range(0, tokens.length).<List<Target>>mapToObj(_ -> new ArrayList<>(1)).toList();
    for (int s = 0; s < sequences.size(); s++) {
      addTargets(sequences.get(s), placed.rows(s));
    }
    Map<Integer, BlockTable> ofRoot = new HashMap<>();
    for (int s = 0; s < sequences.size(); s++) {
      int[] path = placed.rows(s);
      BlockTable found = find(path, blocks);
      ofRoot.merge(nodeOf[path[0]], found, (a, b) -> a.computed() < b.computed() ? b : a);
    }
    for (int node = 0; node < forest.numNodes(); node++) {
      allocate(node, ofRoot.getOrDefault(node, new BlockTable(blocks)));
    }
    rows = IntStream.range(0, tokens.length).filter(row -> !cached.get(row)).toArray();
  }

  private void addTargets(Scorer.Scored sequence, int[] path) {
    float[] result = new float[sequence.tokens().length - sequence.first()];
    for (int i = sequence.first(); i < sequence.tokens().length; i++) {
      targets.get(path[i - 1]).add(new Target(sequence.tokens()[i], result, i - sequence.first()));
    }
    results.add(result);
  }

  /// Takes the blocks that are there before the first target.
  private BlockTable find(int[] path, BlockManager blocks) {
    int first = 0;
    while (targets.get(path[first]).isEmpty()) {
      first++;
    }
    BlockTable table = new BlockTable(blocks);
    tables.add(table);
    table.begin(version, position -> tokens[path[position]], first + 1);
    for (int position = 0; position < table.computed(); position++) {
      slots[path[position]] = table.slot(position);
      cached.set(path[position]);
    }
    return table;
  }

  /// Gives the rows of a node that were not found their slots.
  ///
  /// @param table of a root the blocks of its beginning, else none
  private void allocate(int node, BlockTable table) {
    int start = forest.start(node);
    int end = start + forest.length(node);
    int first = cached.nextClearBit(start);
    if (first >= end) {
      return;
    }
    int origin = first - positions[first] % BlockManager.SIZE;
    if (forest.depth(node) == 0) {
      origin = start;
      roots.add(new Root(table, start, end - start));
    } else {
      tables.add(table);
    }
    table.extend(
        end - origin,
        copy -> {
          throw new IllegalStateException("new blocks must not be shared: copy=" + copy);
        });
    for (int row = first; row < end; row++) {
      slots[row] = table.slot(row - origin);
    }
  }

  long version() {
    return version;
  }

  /// Rows whose keys were found.
  int numCached() {
    return cached.cardinality();
  }

  /// Rows that are left to compute.
  int numLeft() {
    return rows.length - next;
  }

  /// The scores of each sequence, when no row is left.
  List<float[]> results() {
    return results;
  }

  /// The tokens of the next rows.
  int[] tokens(int count) {
    return of(tokens, count);
  }

  /// Their positions.
  int[] positions(int count) {
    return of(positions, count);
  }

  /// The slots of their keys.
  int[] slots(int count) {
    return of(slots, count);
  }

  private int[] of(int[] values, int count) {
    return IntStream.range(next, next + count).map(i -> values[rows[i]]).toArray();
  }

  /// The keys that they see.
  AttentionPlan plan(int count) {
    List<AttentionPlan.Node> nodes = new ArrayList<>();
    int end;
    for (int at = next; at < next + count; at = end) {
      end = at + 1;
      while (end < next + count && nodeOf[rows[end]] == nodeOf[rows[at]]) {
        end++;
      }
      nodes.add(keysOf(rows[end - 1], at - next, end - at));
    }
    return new AttentionPlan(nodes, new int[nodes.size()], AttentionPlan.NO_WINDOW);
  }

  /// Runs of adjacent slots on the path to a row, none of which goes beyond a node.
  private AttentionPlan.Node keysOf(int lastRow, int firstQuery, int queries) {
    int numKeys = positions[lastRow] + 1;
    int[] starts = new int[numKeys];
    int[] lengths = new int[numKeys];
    int runs = 0;
    for (int node : forest.path(nodeOf[lastRow])) {
      int start = forest.start(node);
      int end = Math.min(lastRow + 1, start + forest.length(node));
      for (int row = start; row < end; row++) {
        if (row == start || slots[row] != slots[row - 1] + 1) {
          starts[runs++] = slots[row];
        }
        lengths[runs - 1]++;
      }
    }
    return new AttentionPlan.Node(
        firstQuery, queries, Arrays.copyOf(starts, runs), Arrays.copyOf(lengths, runs));
  }

  /// The targets of the next rows.
  List<Prediction> predictions(int count) {
    List<Prediction> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      for (Target target : targets.get(rows[next + i])) {
        all.add(new Prediction(i, target));
      }
    }
    return all;
  }

  /// Says that the next rows are computed.
  void advance(int count) {
    next += count;
    int end = next == rows.length ? tokens.length : rows[next];
    for (Root root : roots) {
      int computed = Math.clamp(end - root.start, root.table.computed(), root.length);
      root.table.compute(computed);
      root.table.register(computed, version, position -> tokens[root.start + position]);
    }
  }

  /// Gives all blocks back.
  @Override
  public void close() {
    tables.reversed().forEach(BlockTable::release);
  }
}
