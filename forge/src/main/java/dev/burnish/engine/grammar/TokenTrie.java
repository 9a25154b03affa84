package dev.burnish.engine.grammar;

import dev.burnish.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;

/// The tokens of a vocabulary by their bytes, for walks along an automaton that leave out whole
/// branches.
///
/// Nodes are in preorder: a node's subtree ends at `ends[node]`, and the tokens of all nodes are in
/// the order of their bytes. Special tokens and those without bytes are not in it. Immutable.
final class TokenTrie {
  private final byte[][] bytes;
  private final int[] ids;
  private byte[] labels = new byte[1024];
  private int[] depths = new int[1024];
  private int[] ends = new int[1024];
  private int[] firstIds = new int[1024];
  private int size;
  private int maxDepth;

  private TokenTrie(byte[][] bytes) {
    this.bytes = bytes;
    List<Integer> sorted = new ArrayList<>();
    for (int id = 0; id < bytes.length; id++) {
      if (bytes[id].length > 0) {
        sorted.add(id);
      }
    }
    sorted.sort(Comparator.comparing(id -> bytes[id], Arrays::compareUnsigned));
    ids = sorted.stream().mapToInt(Integer::intValue).toArray();
    build();
  }

  /// @throws dev.burnish.text.TokenizerException if tokens have no bytes of their own there
  static TokenTrie of(Tokenizer tokenizer) {
    byte[][] bytes = new byte[tokenizer.vocabularySize()][];
    for (int id = 0; id < bytes.length; id++) {
      bytes[id] = tokenizer.isSpecial(id) ? new byte[0] : tokenizer.bytes(id);
    }
    return new TokenTrie(bytes);
  }

  private void build() {
    int[] path = new int[1 + Arrays.stream(bytes).mapToInt(b -> b.length).max().orElse(0)];
    byte[] before = new byte[0];
    for (int i = 0; i < ids.length; i++) {
      byte[] token = bytes[ids[i]];
      int mismatch = Arrays.mismatch(before, token);
      int common = mismatch < 0 ? token.length : mismatch;
      close(path, common, before.length);
      for (int depth = common; depth < token.length; depth++) {
        path[depth] = add(token[depth], depth, i);
      }
      before = token;
    }
    close(path, 0, before.length);
  }

  private void close(int[] path, int from, int to) {
    for (int depth = from; depth < to; depth++) {
      ends[path[depth]] = size;
    }
  }

  private int add(byte label, int depth, int firstId) {
    if (size == labels.length) {
      labels = Arrays.copyOf(labels, 2 * size);
      depths = Arrays.copyOf(depths, 2 * size);
      ends = Arrays.copyOf(ends, 2 * size);
      firstIds = Arrays.copyOf(firstIds, 2 * size);
    }
    labels[size] = label;
    depths[size] = depth;
    firstIds[size] = firstId;
    maxDepth = Math.max(maxDepth, depth + 1);
    return size++;
  }

  /// One more than the largest id.
  int vocabularySize() {
    return bytes.length;
  }

  byte[] bytes(int token) {
    return token < 0 || token >= bytes.length ? new byte[0] : bytes[token];
  }

  /// The tokens all of whose bytes can be read, one bit each.
  ///
  /// @param step the state after a byte, or `dead`
  <S> long[] readable(S start, S dead, BiFunction<S, Byte, S> step) {
    long[] bits = new long[(bytes.length + 63) / 64];
    List<S> states = new ArrayList<>(java.util.Collections.nCopies(maxDepth + 1, start));
    int node = 0;
    while (node < size) {
      int depth = depths[node];
      S next = step.apply(states.get(depth), labels[node]);
      if (next == dead) {
        node = ends[node];
        continue;
      }
      states.set(depth + 1, next);
      for (int i = firstIds[node]; i < ids.length && bytes[ids[i]].length == depth + 1; i++) {
        if (i > firstIds[node] && !Arrays.equals(bytes[ids[i]], bytes[ids[i - 1]])) {
          break;
        }
        bits[ids[i] >>> 6] |= 1L << ids[i];
      }
      node++;
    }
    return bits;
  }
}
