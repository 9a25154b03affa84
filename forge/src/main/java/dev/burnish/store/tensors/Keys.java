package dev.burnish.store.tensors;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Things by key: the last put that is whole, and those that are not. Not thread-safe.
final class Keys implements AutoCloseable {
  /// Names of others in an error.
  private static final int NAMED = 10;

  /// The character after the dot.
  private static final char AFTER_DOT = '.' + 1;

  private final NavigableMap<String, Place> visible = new TreeMap<>();
  private final Map<String, Draft> pending = new TreeMap<>();

  /// A thing of a put.
  private record Place(Draft draft, int item) {}

  void put(Contribution part) {
    if (isThere(part)) {
      return;
    }
    List<String> keys = part.items().stream().map(Contribution.Item::key).toList();
    Optional<Draft> known =
        keys.stream().filter(pending::containsKey).map(pending::get).findFirst();
    Draft draft;
    if (known.isPresent()) {
      draft = known.get();
      draft.add(part);
    } else {
      draft = new Draft(shortened(keys), part);
      keys.forEach(key -> pending.put(key, draft));
    }
    if (draft.isWhole()) {
      show(draft);
    }
  }

  /// Whether a message came again after the put was whole.
  private boolean isThere(Contribution part) {
    Place place = visible.get(part.items().getFirst().key());
    return place != null && place.draft().has(part);
  }

  private void show(Draft draft) {
    List<String> keys = draft.keys();
    draft.stateDict().ifPresent(dict -> dropWithout(dict, Set.copyOf(keys)));
    for (int item = 0; item < keys.size(); item++) {
      pending.remove(keys.get(item));
      draft.show();
      Place before = visible.put(keys.get(item), new Place(draft, item));
      if (before != null) {
        before.draft().hide();
      }
    }
  }

  /// Drops all that a state dict replaces, except for what it puts itself.
  private void dropWithout(String dict, Set<String> kept) {
    for (String key : under(dict)) {
      if (!kept.contains(key)) {
        hide(key);
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
        draft.keys().forEach(pending::remove);
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

  @Override
  public void close() {
    pending.values().stream().distinct().forEach(Draft::close);
    pending.clear();
    delete(all());
  }
}
