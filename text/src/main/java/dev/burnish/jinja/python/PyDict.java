package dev.burnish.jinja.python;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A dict, in the order of insertion, with Python's equality of keys (1, 1.0 and True are one key).
public final class PyDict {
  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  /// A key and its value.
  public record Entry(Object key, Object value) {}

  public void put(Object key, Object value) {
    Object hash = Py.hashKey(key);
    Entry old = entries.get(hash);
    entries.put(hash, new Entry(old == null ? key : old.key(), value));
  }

  public Optional<Object> get(Object key) {
    return Optional.ofNullable(entries.get(Py.hashKey(key))).map(Entry::value);
  }

  boolean containsKey(Object key) {
    return entries.containsKey(Py.hashKey(key));
  }

  int size() {
    return entries.size();
  }

  public Collection<Entry> entries() {
    return entries.values();
  }

  /// The entries by key; keys that cannot be compared are an error.
  List<Entry> sortedEntries() {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparing(Entry::key, (a, b) -> Py.order("<", a, b)));
    return sorted;
  }

  List<Object> keys() {
    List<Object> keys = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> keys.add(entry.key()));
    return keys;
  }

  List<Object> values() {
    List<Object> values = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> values.add(entry.value()));
    return values;
  }

  /// Pairs of a key and its value.
  public List<Object> items() {
    List<Object> items = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> items.add(PyTuple.of(entry.key(), entry.value())));
    return items;
  }
}
