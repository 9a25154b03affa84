package dev.burnish.text;

import java.util.Arrays;

/// A growing list of ints.
final class IntList {
  private int[] items = new int[32];
  private int size;

  void add(int item) {
    if (size == items.length) {
      items = Arrays.copyOf(items, 2 * size);
    }
    items[size++] = item;
  }

  void addAll(int[] more) {
    if (size + more.length > items.length) {
      items = Arrays.copyOf(items, Math.max(2 * size, size + more.length));
    }
    System.arraycopy(more, 0, items, size, more.length);
    size += more.length;
  }

  int[] toArray() {
    return Arrays.copyOf(items, size);
  }
}
