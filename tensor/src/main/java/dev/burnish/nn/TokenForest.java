package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A packed batch of token sequences that share prefixes: each node is a run of adjacent tokens
/// that continues its parent.
///
/// A plain document is a root. A prompt with `n` samples is a root with `n` children, so the prompt
/// is computed once for all of them. A token attends to the tokens of all its ancestors and to
/// those before it in its own node, and to nothing else; positions count from the root. Attention,
/// forward and backward then run over every node once, which is exact.
public final class TokenForest {
  public static final int ROOT = -1;

  /// Adjacent tokens and the node that they continue, as [#add] takes them.
  @SuppressWarnings("ArrayRecordComponent") // data; never compared
  public record Run(int parent, int[] tokens) {}

  private record Node(int start, int length, int parent, int depth, int tree) {}

  private final List<Node> nodes = new ArrayList<>();
  private int[] tokens = new int[64];
  private int numTokens;
  private int numTrees;

  /// Adds a run of tokens below `parent`, or a new tree for [#ROOT], and returns its index.
  ///
  /// @throws IllegalArgumentException if there are no tokens or no such parent
  public int add(int parent, int... run) {
    if (run.length == 0 || parent < ROOT || parent >= nodes.size()) {
      throw new IllegalArgumentException(
          "a node has at least one token and an earlier parent: tokens=%d parent=%d nodes=%d"
              .formatted(run.length, parent, nodes.size()));
    }
    if (numTokens + run.length > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(2 * tokens.length, numTokens + run.length));
    }
    System.arraycopy(run, 0, tokens, numTokens, run.length);
    int depth = parent == ROOT ? 0 : nodes.get(parent).depth() + nodes.get(parent).length();
    int tree = parent == ROOT ? numTrees++ : nodes.get(parent).tree();
    nodes.add(new Node(numTokens, run.length, parent, depth, tree));
    numTokens += run.length;
    return nodes.size() - 1;
  }

  /// The forest of these runs, each added in turn.
  ///
  /// @throws IllegalArgumentException as [#add]
  public static TokenForest of(List<Run> runs) {
    TokenForest forest = new TokenForest();
    runs.forEach(run -> forest.add(run.parent(), run.tokens()));
    return forest;
  }

  /// The runs from which [#of] makes this forest, one per node.
  public List<Run> runs() {
    return nodes.stream()
        .map(node -> {
          int[] run = Arrays.copyOfRange(tokens, node.start(), node.start() + node.length());
          return new Run(node.parent(), run);
        })
        .toList();
  }

  public int numTokens() {
    return numTokens;
  }

  public int numNodes() {
    return nodes.size();
  }

  /// All tokens, packed in the order of the nodes.
  public int[] tokens() {
    return Arrays.copyOf(tokens, numTokens);
  }

  /// Row of the first token of a node.
  public int start(int node) {
    return nodes.get(node).start();
  }

  public int length(int node) {
    return nodes.get(node).length();
  }

  /// Tokens above a node: the position of its first token.
  public int depth(int node) {
    return nodes.get(node).depth();
  }

  /// The row whose logits predict token `index` of a node.
  ///
  /// @throws IllegalArgumentException for the first token of a root, which nothing predicts
  public int predictor(int node, int index) {
    Node n = nodes.get(node);
    if (index > 0) {
      return n.start() + index - 1;
    }
    if (n.parent() == ROOT) {
      throw new IllegalArgumentException(
          "nothing predicts the first token of a root: node=%d; start targets at index 1"
              .formatted(node));
    }
    Node parent = nodes.get(n.parent());
    return parent.start() + parent.length() - 1;
  }

  /// Position of each token in its sequence.
  public int[] positions() {
    int[] positions = new int[numTokens];
    for (Node node : nodes) {
      for (int i = 0; i < node.length(); i++) {
        positions[node.start() + i] = node.depth() + i;
      }
    }
    return positions;
  }

  /// Attention over this forest, keys being the rows of the same batch.
  public AttentionPlan plan() {
    List<AttentionPlan.Node> planned = new ArrayList<>(nodes.size());
    int[] groups = new int[nodes.size()];
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      int[] path = path(i);
      int[] starts = new int[path.length];
      int[] lengths = new int[path.length];
      for (int s = 0; s < path.length; s++) {
        starts[s] = nodes.get(path[s]).start();
        lengths[s] = nodes.get(path[s]).length();
      }
      planned.add(new AttentionPlan.Node(node.start(), node.length(), starts, lengths));
      groups[i] = node.tree();
    }
    return new AttentionPlan(planned, groups, AttentionPlan.NO_WINDOW);
  }

  /// The row of each token from the root to the end of `node`.
  public int[] rows(int node) {
    int[] rows = new int[depth(node) + length(node)];
    int next = 0;
    for (int n : path(node)) {
      for (int i = 0; i < length(n); i++) {
        rows[next++] = start(n) + i;
      }
    }
    return rows;
  }

  /// The nodes from the root to `node`, both included.
  public int[] path(int node) {
    int levels = 0;
    for (int n = node; n != ROOT; n = nodes.get(n).parent()) {
      levels++;
    }
    int[] path = new int[levels];
    for (int n = node; n != ROOT; n = nodes.get(n).parent()) {
      path[--levels] = n;
    }
    return path;
  }
}
