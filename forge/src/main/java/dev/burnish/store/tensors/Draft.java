package dev.burnish.store.tensors;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// A put while its ranks contribute, and afterwards, as long as something of it is visible. Not
/// thread-safe.
final class Draft implements AutoCloseable {
  private final String what;
  private final Map<Integer, Contribution> parts = new TreeMap<>();
  private final Contribution first;
  private int numVisible;

  /// @param what the name of it in errors
  Draft(String what, Contribution first) {
    this.what = what;
    this.first = first;
    parts.put(first.rank(), first.share());
  }

  /// Adds a rank's part. The same message again changes nothing.
  ///
  /// @throws StoreException if it is part of other things, or the rank has put its part before
  void add(Contribution part) {
    if (!first.isOfTheSame(part)) {
      throw new StoreException(
          "all ranks must put the same tensors with the same layouts: put=%s rank=%d %s; rank=%d %s; delete or abandon what is not whole to begin again"
              .formatted(
                  what,
                  part.rank(),
                  difference(part, first),
                  first.rank(),
                  difference(first, part)));
    }
    requireSameValues(part);
    Contribution known = parts.putIfAbsent(part.rank(), part);
    if (known == null) {
      part.share();
    } else if (known.id() != part.id()) {
      throw new StoreException(
          "a rank must not put again before all others have put: put=%s rank=%d missing=%s; delete or abandon what is not whole to begin again"
              .formatted(what, part.rank(), missing()));
    }
  }

  /// Values are those of all ranks: a reader gets that of any.
  private void requireSameValues(Contribution part) {
    for (int i = 0; i < part.items().size(); i++) {
      Contribution.Item item = part.items().get(i);
      if (item.content() instanceof Content.OfValue
          && !item.digests().equals(first.items().get(i).digests())) {
        throw new StoreException(
            "a value must be the same at all ranks: put=%s key=%s rank=%d differs from rank=%d; put what differs under a key of each rank"
                .formatted(what, item.key(), part.rank(), first.rank()));
      }
    }
  }

  private static String difference(Contribution one, Contribution other) {
    List<Contribution.Item> others = other.items();
    for (int i = 0; i < one.items().size(); i++) {
      Contribution.Item item = one.items().get(i);
      if (i >= others.size()
          || !item.key().equals(others.get(i).key())
          || !item.content().equals(others.get(i).content())) {
        return "key=%s content=%s".formatted(item.key(), item.content());
      }
    }
    return "keys=" + one.items().size();
  }

  /// Whether it has a part by the same message.
  boolean has(Contribution part) {
    Contribution known = parts.get(part.rank());
    return known != null && known.id() == part.id();
  }

  /// Whether it has a part with the same bytes.
  boolean hasBytesOf(Contribution part) {
    Contribution known = parts.get(part.rank());
    return known != null && first.isOfTheSame(part) && known.hasDigestsOf(part);
  }

  boolean isWhole() {
    return parts.size() == first.numRanks();
  }

  /// Keys of its things, in order.
  List<String> keys() {
    return first.items().stream().map(Contribution.Item::key).toList();
  }

  /// The key of the state dict that it is, if it is one.
  Optional<String> stateDict() {
    return first.items().stream()
        .filter(item -> item.content() instanceof Content.OfStateDict)
        .map(Contribution.Item::key)
        .findFirst();
  }

  List<Integer> missing() {
    return IntStream.range(0, first.numRanks())
        .filter(rank -> !parts.containsKey(rank))
        .boxed()
        .toList();
  }

  Catalogue.Missing state() {
    return new Catalogue.Missing(what, List.copyOf(parts.keySet()), missing());
  }

  /// All parts, with handles of their own.
  Holding.Source hold() {
    return new Holding.Source(
        new ArrayList<>(parts.values().stream().map(Contribution::share).toList()));
  }

  /// Counts a key under which it is visible.
  void show() {
    numVisible++;
  }

  /// Ends [#show]; the last one frees the memory.
  void hide() {
    numVisible--;
    if (numVisible == 0) {
      close();
    }
  }

  @Override
  public void close() {
    parts.values().forEach(Contribution::close);
    parts.clear();
  }
}
