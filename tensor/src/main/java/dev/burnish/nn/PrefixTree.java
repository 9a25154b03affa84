package dev.burnish.nn;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/// Token sequences merged where they begin alike, so that a common beginning goes through a model
/// once: the prompt of a group's samples, the system message of all prompts, two samples that
/// differ late. Exact: a token's state depends on its predecessors only.
///
/// Idea: a trie with one node per token; [#place] joins unbranched runs into the nodes of a
/// [TokenForest], depth first, so that the rows of a subtree are adjacent.
public final class PrefixTree {
  /// The forest of all sequences.
  ///
  /// @param forest nodes in depth-first order; every sequence ends with a node
  /// @param ends the last node of each sequence, in the order of [#add]
  public record Placed(TokenForest forest, int[] ends) {
    /// The row of each token of a sequence.
    public int[] rows(int sequence) {
      return forest.rows(ends[sequence]);
    }
  }

  private static final int NONE = -1;

  private int[] tokens = new int[64];
  private int[] firstChild = new int[64];
  private int[] nextSibling = new int[64];
  private int size;
  private int firstRoot = NONE;
  private final List<Integer> lasts = new ArrayList<>();

  /// Adds a sequence and returns its index, counted from 0.
  ///
  /// @throws IllegalArgumentException if it has no tokens
  public int add(int... sequence) {
    if (sequence.length == 0) {
      throw new IllegalArgumentException(
          "a sequence has at least one token: sequence=" + lasts.size() + " tokens=0");
    }
    int at = NONE;
    for (int token : sequence) {
      at = child(at, token);
    }
    lasts.add(at);
    return lasts.size() - 1;
  }

  /// Adds a prompt with its continuation, except the last token, after which nothing is predicted;
  /// [Targets#addContinuation] then finds the rows.
  public int addContinued(int[] prompt, int[] continuation) {
    int[] inputs = Arrays.copyOf(prompt, prompt.length + continuation.length - 1);
    System.arraycopy(continuation, 0, inputs, prompt.length, continuation.length - 1);
    return add(inputs);
  }

  /// Tokens after merging.
  public int numTokens() {
    return size;
  }

  private int child(int parent, int token) {
    int last = NONE;
    for (int c = parent == NONE ? firstRoot : firstChild[parent]; c != NONE; c = nextSibling[c]) {
      if (tokens[c] == token) {
        return c;
      }
      last = c;
    }
    int created = create(token);
    if (last != NONE) {
      nextSibling[last] = created;
    } else if (parent != NONE) {
      firstChild[parent] = created;
    } else {
      firstRoot = created;
    }
    return created;
  }

  private int create(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * size);
      firstChild = Arrays.copyOf(firstChild, 2 * size);
      nextSibling = Arrays.copyOf(nextSibling, 2 * size);
    }
    tokens[size] = token;
    firstChild[size] = NONE;
    nextSibling[size] = NONE;
    return size++;
  }

  private record Pending(int first, int parent) {}

  /// Lays the sequences out. More may be added afterwards, for another layout.
  public Placed place() {
    boolean[] isLast = new boolean[size];
    lasts.forEach(last -> isLast[last] = true);
    TokenForest forest = new TokenForest();
    int[] nodeOf = new int[size];
    Deque<Pending> pending = new ArrayDeque<>();
    pushSiblings(pending, firstRoot, TokenForest.ROOT);
    while (!pending.isEmpty()) {
      Pending next = pending.pop();
      int last = next.first();
      int length = 1;
      while (!isLast[last] && onlyChild(last)) {
        last = firstChild[last];
        length++;
      }
      int node = forest.add(next.parent(), run(next.first(), length));
      nodeOf[last] = node;
      pushSiblings(pending, firstChild[last], node);
    }
    return new Placed(forest, lasts.stream().mapToInt(last -> nodeOf[last]).toArray());
  }

  private boolean onlyChild(int parent) {
    return firstChild[parent] != NONE && nextSibling[firstChild[parent]] == NONE;
  }

  private int[] run(int first, int length) {
    int[] run = new int[length];
    int at = first;
    for (int i = 0; i < length; i++) {
      run[i] = tokens[at];
      at = firstChild[at];
    }
    return run;
  }

  /// On the stack, so that the first is popped first.
  private void pushSiblings(Deque<Pending> pending, int first, int parent) {
    List<Pending> siblings = new ArrayList<>();
    for (int c = first; c != NONE; c = nextSibling[c]) {
      siblings.add(new Pending(c, parent));
    }
    siblings.reversed().forEach(pending::push);
  }
}
