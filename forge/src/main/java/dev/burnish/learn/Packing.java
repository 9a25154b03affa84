package dev.burnish.learn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/// Packs items of different sizes into bins, one per micro-batch.
final class Packing {
  private Packing() {}

  private static final class Bin<T> {
    final List<T> items = new ArrayList<>();
    int size;
  }

  /// Each item goes into the first bin with room for it. Nothing is left out: an item larger than
  /// `max` gets a bin of its own.
  static <T> List<List<T>> bins(List<T> items, ToIntFunction<T> size, int max) {
    List<Bin<T>> bins = new ArrayList<>();
    for (T item : items) {
      int itemSize = size.applyAsInt(item);
      Bin<T> bin =
          bins.stream()
              .filter(candidate -> candidate.size + itemSize <= max)
              .findFirst()
              .orElseGet(() -> {
                Bin<T> fresh = new Bin<>();
                bins.add(fresh);
                return fresh;
              });
      bin.items.add(item);
      bin.size += itemSize;
    }
    return bins.stream().map(bin -> bin.items).toList();
  }
}
