package dev.burnish.store.tensors;

import dev.burnish.link.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A put while its ranks contribute, and afterwards, as long as something of it is visible. Not
/// thread-safe.
final class Draft implements AutoCloseable {
  private final String what;
  private final long number;
  private final DraftIndex index;

  /// By rank, then by copy.
  private final NavigableMap<Integer, NavigableMap<Integer, Contribution>> parts = new TreeMap<>();

  private final Contribution first;
  private int numVisible;
  private long lastUse;

  /// @param what the name of it in errors
  /// @param number by which an earlier put is known from a later one
  Draft(String what, long number, DraftIndex index, Contribution first) {
    this.what = what;
    this.number = number;
    this.index = index;
    this.first = first;
    keep(first);
  }

  long number() {
    return number;
  }

  /// When it was last held.
  long lastUse() {
    return lastUse;
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
    Optional<Contribution> known = ofRank(part.rank()).findFirst();
    if (known.isPresent() && known.get().id() != part.id()) {
      throw new StoreException(
          "a rank must not put again before all others have put: put=%s rank=%d missing=%s; delete or abandon what is not whole to begin again"
              .formatted(what, part.rank(), missing()));
    }
    supply(part);
  }

  /// Adds a copy of what a rank has put, where it is missing or lost.
  void supply(Contribution part) {
    Optional<Contribution> known =
        ofRank(part.rank()).filter(each -> each.copy().number() == part.copy().number()).findAny();
    if (known.isEmpty()) {
      keep(part);
    } else if (known.get().memory().isLost()) {
      drop(known.get());
      keep(part);
    }
  }

  private void keep(Contribution part) {
    parts
        .computeIfAbsent(part.rank(), _ -> new TreeMap<>())
        .put(part.copy().number(), part.share());
    index.add(part.id(), this);
  }

  private void drop(Contribution part) {
    index.remove(part.id(), this);
    part.close();
  }

  private Stream<Contribution> ofRank(int rank) {
    Map<Integer, Contribution> copies = parts.get(rank);
    return copies == null ? Stream.empty() : copies.values().stream();
  }

  private Stream<Contribution> all() {
    return parts.values().stream().flatMap(copies -> copies.values().stream());
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
    return ofRank(part.rank())
        .anyMatch(known -> known.id() == part.id() && known.copy().equals(part.copy()));
  }

  /// Whether it has a part with the same bytes.
  boolean hasBytesOf(Contribution part) {
    return first.isOfTheSame(part)
        && ofRank(part.rank()).anyMatch(known -> known.hasDigestsOf(part));
  }

  /// Whether all copies of all ranks are in.
  boolean isWhole() {
    return hasAllRanks() && missing().isEmpty();
  }

  /// Whether there is a copy of each rank.
  boolean hasAllRanks() {
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

  /// Ranks of which copies are missing.
  List<Integer> missing() {
    return IntStream.range(0, first.numRanks())
        .filter(rank -> ofRank(rank).findFirst().isEmpty() || !hasAllCopies(rank))
        .boxed()
        .toList();
  }

  private boolean hasAllCopies(int rank) {
    return ofRank(rank).allMatch(each -> each.copy().of() <= ofRank(rank).count());
  }

  /// Ranks of which no copy can be read any more.
  List<Integer> lost() {
    return parts.keySet().stream()
        .filter(rank -> ofRank(rank).allMatch(each -> each.memory().isLost()))
        .toList();
  }

  Catalogue.Missing state() {
    return new Catalogue.Missing(what, List.copyOf(parts.keySet()), missing());
  }

  /// All parts, with handles of their own.
  Holding.Source hold() {
    lastUse = index.tick();
    return new Holding.Source(new ArrayList<>(all().map(Contribution::share).toList()));
  }

  /// Notes that a copy lies elsewhere now.
  void moved(long id, int copy, Region memory) {
    for (Map<Integer, Contribution> copies : parts.values()) {
      Contribution known = copies.get(copy);
      if (known != null && known.id() == id) {
        copies.put(copy, known.withMemory(memory.share()));
        known.close();
      }
    }
  }

  /// Counts a key under which it is visible.
  void show() {
    numVisible++;
  }

  /// Ends [#show]; the last one frees the memory.
  void hide() {
    numVisible--;
    closeIfHidden();
  }

  /// Frees the memory if no key shows it.
  void closeIfHidden() {
    if (numVisible == 0) {
      close();
    }
  }

  @Override
  public void close() {
    all().toList().forEach(this::drop);
    parts.clear();
  }
}
