package dev.burnish.store.tensors;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The versions of a set of things: those that are whole, of which the last ones are kept, and
/// those that are not. Not thread-safe.
final class VersionedSet implements AutoCloseable {
  private final String name;
  private final int numKept;
  private final DraftIndex index;
  private final NavigableMap<Long, Draft> whole = new TreeMap<>();
  private final NavigableMap<Long, Draft> pending = new TreeMap<>();

  VersionedSet(String name, int numKept, DraftIndex index) {
    this.name = name;
    this.numKept = numKept;
    this.index = index;
  }

  /// @return the number of the put
  long publish(long version, Contribution part) {
    Draft known = whole.getOrDefault(version, pending.get(version));
    if (known != null && known.hasBytesOf(part)) {
      known.supply(part);
    } else {
      requireNew(version, part);
      known = known == null ? begin(version, part) : known;
      known.add(part);
    }
    if (known.isWhole() && pending.containsKey(version)) {
      show(version, known);
    }
    return known.number();
  }

  private Draft begin(long version, Contribution part) {
    String what = "set=%s version=%d".formatted(name, version);
    Draft draft = new Draft(what, index.next(), index, part);
    pending.put(version, draft);
    return draft;
  }

  /// Adds a part of a version of an earlier catalogue, if it is not known to be superseded.
  void restore(long version, Contribution part) {
    Draft known = whole.getOrDefault(version, pending.get(version));
    if (known != null && known.hasBytesOf(part)) {
      known.supply(part);
    } else if (known != null && pending.containsKey(version)) {
      known.add(part);
    } else if (whole.isEmpty() || version > whole.lastKey()) {
      Draft _ = begin(version, part);
    }
  }

  /// Shows versions of which a copy of each rank is there, in order.
  void restored() {
    for (Map.Entry<Long, Draft> each : List.copyOf(pending.entrySet())) {
      if (each.getValue().hasAllRanks()) {
        show(each.getKey(), each.getValue());
      }
    }
  }

  /// Those that are whole.
  Stream<Draft> visible() {
    return whole.values().stream();
  }

  private void requireNew(long version, Contribution part) {
    if (whole.containsKey(version)) {
      throw new StoreException(
          "a published version must not change: set=%s version=%d rank=%d versions=%s; publish the next one"
              .formatted(name, version, part.rank(), versions()));
    }
    if (!whole.isEmpty() && version < whole.lastKey()) {
      throw new StoreException(
          "versions must be published in order: set=%s version=%d versions=%s"
              .formatted(name, version, versions()));
    }
  }

  private void show(long version, Draft draft) {
    pending.remove(version);
    draft.show();
    whole.put(version, draft);
    // Of a rank that has left a version out: it cannot become whole any more.
    pending.headMap(version).values().forEach(Draft::close);
    pending.headMap(version).clear();
    while (whole.size() > numKept) {
      whole.pollFirstEntry().getValue().hide();
    }
  }

  boolean hasReached(long version) {
    return !whole.isEmpty() && whole.lastKey() >= version;
  }

  List<Long> versions() {
    return List.copyOf(whole.keySet());
  }

  Holding hold(long version) {
    Draft draft = whole.get(version);
    if (draft == null) {
      throw new StoreException(
          "the version must be there: set=%s version=%d versions=%s%s"
              .formatted(name, version, versions(), state(version)));
    }
    return new Holding(
        List.of(draft.hold()),
        IntStream.range(0, draft.keys().size())
            .mapToObj(item -> new Holding.Held(0, item))
            .toList());
  }

  private String state(long version) {
    Draft draft = pending.get(version);
    return draft == null
        ? ""
        : "; it is only partially there: present=%s missing=%s"
            .formatted(draft.state().present(), draft.missing());
  }

  Holding holdLatest() {
    return hold(whole.lastKey());
  }

  List<Catalogue.Missing> missing() {
    return pending.values().stream().map(Draft::state).toList();
  }

  void abandon() {
    pending.values().forEach(Draft::close);
    pending.clear();
  }

  @Override
  public void close() {
    abandon();
    whole.values().forEach(Draft::close);
    whole.clear();
  }
}
