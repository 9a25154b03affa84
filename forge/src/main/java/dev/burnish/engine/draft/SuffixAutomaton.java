package dev.burnish.engine.draft;

import java.util.Arrays;

/// The substrings of several token sequences, which grow one token at a time, and how often each
/// token follows each.
///
/// Idea: a state stands for the substrings that end at the same places, the longest of which has
/// the state's length; its link leads to the state of the longest suffix that ends at more places.
/// A sequence keeps the state of its whole self, and is extended from there; another sequence that
/// has the same beginning shares it. Amortised constant time and at most two states per token
/// (Blumer et al. 1985, the form for several strings). Counts are exact for states up to [#COUNTED]
/// links away and too low beyond, where only very repetitive text reaches.
///
/// Edges of a state are a list, and a table finds one by state and token.
final class SuffixAutomaton {
  static final int ROOT = 0;
  static final int NONE = -1;
  private static final int COUNTED = 64;

  private int[] length = new int[64];
  private int[] link = new int[64];
  private int[] count = new int[64];
  private int[] firstEdge = new int[64];
  private int numStates;
  private int[] edgeFrom = new int[64];
  private int[] edgeToken = new int[64];
  private int[] edgeTo = new int[64];
  private int[] nextEdge = new int[64];
  private int numEdges;
  private int[] table = new int[256];

  SuffixAutomaton() {
    Arrays.fill(table, NONE);
    state(0);
    link[ROOT] = NONE;
  }

  /// The state of a sequence after one more token.
  ///
  /// @param last the state of the sequence
  int extend(int last, int token) {
    int known = edge(last, token);
    int state = known == NONE ? grow(last, token) : exact(last, known);
    int counted = state;
    for (int i = 0; i < COUNTED && counted != ROOT; i++) {
      count[counted]++;
      counted = link[counted];
    }
    return state;
  }

  private int grow(int last, int token) {
    int state = state(length[last] + 1);
    int from = last;
    while (from != NONE && edge(from, token) == NONE) {
      addEdge(from, token, state);
      from = link[from];
    }
    int suffix = from == NONE ? ROOT : exact(from, edge(from, token)); // may move the arrays
    link[state] = suffix;
    return state;
  }

  /// The state behind an edge, cut to the substrings that are one longer than those before it.
  private int exact(int from, int edge) {
    int to = edgeTo[edge];
    if (length[to] == length[from] + 1) {
      return to;
    }
    int clone = state(length[from] + 1);
    link[clone] = link[to];
    count[clone] = count[to];
    for (int e = firstEdge[to]; e != NONE; e = nextEdge[e]) {
      addEdge(clone, edgeToken[e], edgeTo[e]);
    }
    link[to] = clone;
    int token = edgeToken[edge];
    int at = from;
    while (at != NONE) {
      int e = edge(at, token);
      if (e == NONE || edgeTo[e] != to) {
        break;
      }
      edgeTo[e] = clone;
      at = link[at];
    }
    return clone;
  }

  /// The state itself, or the first of its suffixes, after which something has followed.
  int continued(int state) {
    int at = state;
    while (at != ROOT && firstEdge[at] == NONE) {
      at = link[at];
    }
    return at;
  }

  /// The edge that was taken most often, the one that was there first among equals.
  int likeliest(int state) {
    int best = NONE;
    for (int e = firstEdge[state]; e != NONE; e = nextEdge[e]) {
      if (best == NONE || count[edgeTo[e]] >= count[edgeTo[best]]) {
        best = e;
      }
    }
    return best;
  }

  /// The share of an edge among those of its state.
  double share(int edge) {
    long sum = 0;
    for (int e = firstEdge[edgeFrom[edge]]; e != NONE; e = nextEdge[e]) {
      sum += count[edgeTo[e]];
    }
    return (double) count[edgeTo[edge]] / sum;
  }

  int token(int edge) {
    return edgeToken[edge];
  }

  int to(int edge) {
    return edgeTo[edge];
  }

  /// Tokens of the longest substring of a state.
  int length(int state) {
    return length[state];
  }

  private int state(int longest) {
    if (numStates == length.length) {
      length = Arrays.copyOf(length, 2 * numStates);
      link = Arrays.copyOf(link, 2 * numStates);
      count = Arrays.copyOf(count, 2 * numStates);
      firstEdge = Arrays.copyOf(firstEdge, 2 * numStates);
    }
    length[numStates] = longest;
    firstEdge[numStates] = NONE;
    return numStates++;
  }

  private void addEdge(int from, int token, int to) {
    if (numEdges == edgeTo.length) {
      edgeFrom = Arrays.copyOf(edgeFrom, 2 * numEdges);
      edgeToken = Arrays.copyOf(edgeToken, 2 * numEdges);
      edgeTo = Arrays.copyOf(edgeTo, 2 * numEdges);
      nextEdge = Arrays.copyOf(nextEdge, 2 * numEdges);
    }
    if (2 * numEdges >= table.length) {
      rehash();
    }
    edgeFrom[numEdges] = from;
    edgeToken[numEdges] = token;
    edgeTo[numEdges] = to;
    nextEdge[numEdges] = firstEdge[from];
    firstEdge[from] = numEdges;
    table[slot(from, token)] = numEdges++;
  }

  private int edge(int from, int token) {
    return table[slot(from, token)];
  }

  private void rehash() {
    table = new int[2 * table.length];
    Arrays.fill(table, NONE);
    for (int e = 0; e < numEdges; e++) {
      table[slot(edgeFrom[e], edgeToken[e])] = e;
    }
  }

  /// Where the edge is in the table, or is to be.
  private int slot(int from, int token) {
    long mixed = (from * 0x9E3779B97F4A7C15L) ^ (token * 0xC2B2AE3D27D4EB4FL);
    int slot = (int) (mixed >>> 33) & (table.length - 1);
    while (table[slot] != NONE
        && (edgeFrom[table[slot]] != from || edgeToken[table[slot]] != token)) {
      slot = (slot + 1) & (table.length - 1);
    }
    return slot;
  }
}
