package dev.burnish.store.tensors;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Things by key: the last put that is whole, and those that are not. Not thread-safe.
final class Keys implements AutoCloseable {
  /// Names of others in an error.
  private static final int NAMED = 10;

  /// The character after the dot.
  private static final char AFTER_DOT = '.' + 1;

  private final NavigableMap<String, Place> visible = new TreeMap<>();
  private final Map<String, Draft> pending = new TreeMap<>();

  /// Puts of an earlier catalogue, by number.
  private final NavigableMap<Long, Draft> restoring = new TreeMap<>();

  private final DraftIndex index;

  /// A thing of a put.
  private record Place(Draft draft, int item) {}

  Keys(DraftIndex index) {
    this.index = index;
  }

  /// @return the number of the put
  long put(Contribution part) {
    Place place = visible.get(part.items().getFirst().key());
    if (place != null && place.draft().has(part)) {
      return place.draft().number(); // a message that came again
    }
    List<String> keys = part.items().stream().map(Contribution.Item::key).toList();
    Optional<Draft> known =
        keys.stream().filter(pending::containsKey).map(pending::get).findFirst();
    Draft draft;
    if (known.isPresent()) {
      draft = known.get();
      draft.add(part);
    } else {
      draft = new Draft(shortened(keys), index.next(), index, part);
      keys.forEach(key -> pending.put(key, draft));
    }
    if (draft.isWhole()) {
      show(draft);
    }
    return draft.number();
  }

  /// Adds a part of a put of an earlier catalogue.
  void restore(long number, Contribution part) {
    index.passed(number);
    Draft known = restoring.get(number);
    if (known != null) {
      known.supply(part);
    } else {
      String what = shortened(part.items().stream().map(Contribution.Item::key).toList());
      restoring.put(number, new Draft(what, number, index, part));
    }
  }

  /// Shows what was restored, the earlier before the later. Of which a copy of each rank is there
  /// is whole: others may be lost.
  void restored() {
    for (Draft draft : restoring.values()) {
      if (draft.hasAllRanks()) {
        show(draft);
      } else {
        draft.keys().forEach(key -> pending.putIfAbsent(key, draft));
        if (!pending.containsValue(draft)) {
          draft.close();
        }
      }
    }
    restoring.clear();
  }

  /// Shows a put under those of its keys that no later one has.
  private void show(Draft draft) {
    List<String> keys = draft.keys();
    draft.stateDict().ifPresent(dict -> dropWithout(dict, Set.copyOf(keys), draft.number()));
    for (int item = 0; item < keys.size(); item++) {
      boolean _ = pending.remove(keys.get(item), draft);
      Place before = visible.get(keys.get(item));
      if (before == null || before.draft().number() < draft.number()) {
        draft.show();
        visible.put(keys.get(item), new Place(draft, item));
        if (before != null) {
          before.draft().hide();
        }
      }
    }
    draft.closeIfHidden();
  }

  /// Drops all that a state dict replaces, except for what it puts itself.
  private void dropWithout(String dict, Set<String> kept, long number) {
    for (String key : under(dict)) {
      Place place = visible.get(key);
      if (place != null && !kept.contains(key) && place.draft().number() < number) {
        boolean _ = hide(key);
      }
    }
  }

  private boolean hide(String key) {
    Place place = visible.remove(key);
    if (place != null) {
      place.draft().hide();
    }
    return place != null;
  }

  boolean has(String key) {
    return visible.containsKey(key);
  }

  List<String> all() {
    return List.copyOf(visible.keySet());
  }

  /// A key and those that begin with it and a dot.
  List<String> under(String key) {
    List<String> under = new ArrayList<>();
    if (visible.containsKey(key)) {
      under.add(key);
    }
    under.addAll(visible.subMap(key + ".", key + AFTER_DOT).keySet());
    return under;
  }

  Holding holdUnder(String key) {
    Place _ = find(key);
    return hold(under(key));
  }

  Holding hold(List<String> keys) {
    List<Place> places = keys.stream().map(this::find).toList();
    List<Draft> drafts = places.stream().map(Place::draft).distinct().toList();
    IdentityHashMap<Draft, Integer> numbers = new IdentityHashMap<>();
    drafts.forEach(draft -> numbers.put(draft, numbers.size()));
    List<Holding.Held> held =
        places.stream()
            .map(place -> new Holding.Held(numbers.getOrDefault(place.draft(), 0), place.item()))
            .toList();
    return new Holding(drafts.stream().map(Draft::hold).toList(), held);
  }

  private Place find(String key) {
    Place place = visible.get(key);
    if (place != null) {
      return place;
    }
    Draft draft = pending.get(key);
    if (draft == null) {
      throw isNotThere(key, all());
    }
    throw new StoreException(
        "the key is only partially committed: key=%s present=%s missing=%s; wait until all ranks have put it"
            .formatted(key, draft.state().present(), draft.missing()));
  }

  static StoreException isNotThere(String key, List<String> keys) {
    return new StoreException(
        "the key must be there: key=%s keys=%s".formatted(key, shortened(keys)));
  }

  static String shortened(List<String> keys) {
    return keys.size() <= NAMED
        ? keys.toString()
        : "%s and %d others".formatted(keys.subList(0, NAMED), keys.size() - NAMED);
  }

  List<String> delete(List<String> keys) {
    List<String> deleted = new ArrayList<>();
    for (String key : keys) {
      Draft draft = pending.get(key);
      if (draft != null) {
        draft.keys().forEach(each -> pending.remove(each, draft));
        draft.close();
      }
      if (hide(key)) {
        deleted.add(key);
      }
    }
    return deleted;
  }

  List<Catalogue.Missing> missing() {
    return pending.values().stream().distinct().map(Draft::state).toList();
  }

  Stream<Draft> visible() {
    return visible.values().stream().map(Place::draft).distinct();
  }

  @Override
  public void close() {
    restoring.values().forEach(Draft::close);
    restoring.clear();
    pending.values().stream().distinct().forEach(Draft::close);
    pending.clear();
    delete(all());
  }
}
