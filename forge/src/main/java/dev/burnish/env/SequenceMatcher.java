package dev.burnish.env;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// How alike two texts are, by Ratcliff and Obershelp: twice the characters of matching blocks over
/// all characters. A block is the longest common substring, the earliest of these; then the same on
/// both sides of it.
///
/// Gives what Python's `difflib.SequenceMatcher(None, a, b).ratio()` gives, its rule for long texts
/// included: if the second text has 200 characters or more, a character that makes up more than 1 %
/// of it starts no block. Characters are code points.
final class SequenceMatcher {
  private static final int AUTOJUNK_LENGTH = 200;

  private final int[] first;
  private final int[] second;
  private final Map<Integer, int[]> positions;

  private SequenceMatcher(String first, String second) {
    this.first = first.codePoints().toArray();
    this.second = second.codePoints().toArray();
    this.positions = positions(this.second);
  }

  /// The ratio, between 0 and 1; 1 for two empty texts.
  public static double ratio(String first, String second) {
    var matcher = new SequenceMatcher(first, second);
    int length = matcher.first.length + matcher.second.length;
    return length == 0
        ? 1
        : 2.0 * matcher.matches(0, matcher.first.length, 0, matcher.second.length) / length;
  }

  /// The positions of each character that is not popular in the second text.
  private static Map<Integer, int[]> positions(int[] text) {
    Map<Integer, Integer> counts = new HashMap<>();
    for (int character : text) {
      counts.merge(character, 1, Integer::sum);
    }
    Set<Integer> popular = new HashSet<>();
    if (text.length >= AUTOJUNK_LENGTH) {
      int most = text.length / 100 + 1;
      counts.forEach((character, count) -> {
        if (count > most) {
          popular.add(character);
        }
      });
    }
    Map<Integer, int[]> positions = new HashMap<>();
    Map<Integer, Integer> filled = new HashMap<>();
    for (int j = 0; j < text.length; j++) {
      int character = text[j];
      if (!popular.contains(character)) {
        int[] slots = positions.computeIfAbsent(character, c -> new int[counts.getOrDefault(c, 0)]);
        slots[filled.merge(character, 1, Integer::sum) - 1] = j;
      }
    }
    return positions;
  }

  private record Block(int first, int second, int size) {}

  private record Range(int fromFirst, int toFirst, int fromSecond, int toSecond) {}

  /// Works without recursion: a long text in which every other character matches would overflow the
  /// stack.
  private int matches(int fromFirst, int toFirst, int fromSecond, int toSecond) {
    var open = new ArrayDeque<Range>();
    open.push(new Range(fromFirst, toFirst, fromSecond, toSecond));
    int matches = 0;
    while (!open.isEmpty()) {
      Range range = open.pop();
      Block block = longest(range);
      if (block.size > 0) {
        matches += block.size;
        open.push(new Range(range.fromFirst, block.first, range.fromSecond, block.second));
        open.push(
            new Range(
                block.first + block.size,
                range.toFirst,
                block.second + block.size,
                range.toSecond));
      }
    }
    return matches;
  }

  private Block longest(Range range) {
    int bestFirst = range.fromFirst;
    int bestSecond = range.fromSecond;
    int size = 0;
    Map<Integer, Integer> lengths = new HashMap<>();
    for (int i = range.fromFirst; i < range.toFirst; i++) {
      Map<Integer, Integer> next = new HashMap<>();
      for (int j : positions.getOrDefault(first[i], new int[0])) {
        if (j >= range.fromSecond && j < range.toSecond) {
          int length = lengths.getOrDefault(j - 1, 0) + 1;
          next.put(j, length);
          if (length > size) {
            bestFirst = i - length + 1;
            bestSecond = j - length + 1;
            size = length;
          }
        }
      }
      lengths = next;
    }
    return extended(new Block(bestFirst, bestSecond, size), range);
  }

  /// A block grows over popular characters at both ends.
  private Block extended(Block block, Range range) {
    int i = block.first;
    int j = block.second;
    int size = block.size;
    while (i > range.fromFirst && j > range.fromSecond && first[i - 1] == second[j - 1]) {
      i--;
      j--;
      size++;
    }
    while (i + size < range.toFirst
        && j + size < range.toSecond
        && first[i + size] == second[j + size]) {
      size++;
    }
    return new Block(i, j, size);
  }
}
