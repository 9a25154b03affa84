package dev.burnish.store.tensors;

import java.util.ArrayList;
import java.util.List;

/// How the tensors and values of a state dict are nested.
public sealed interface Structure {
  /// A map, with its keys in their order.
  record OfMap(List<Entry> entries) implements Structure {
    public OfMap {
      entries = List.copyOf(entries);
    }
  }

  /// An entry of a map.
  record Entry(String name, Structure value) {}

  /// A list.
  record OfList(List<Structure> elements) implements Structure {
    public OfList {
      elements = List.copyOf(elements);
    }
  }

  /// A tensor or a value, which lies under the dotted key of its place.
  record Leaf() implements Structure {}

  /// The keys of all leaves, in order.
  ///
  /// @param key of this
  default List<String> leaves(String key) {
    List<String> leaves = new ArrayList<>();
    collect(key, leaves);
    return leaves;
  }

  private void collect(String key, List<String> leaves) {
    switch (this) {
      case OfMap map ->
          map.entries().forEach(each -> each.value().collect(join(key, each.name()), leaves));
      case OfList list -> {
        for (int i = 0; i < list.elements().size(); i++) {
          list.elements().get(i).collect(join(key, Integer.toString(i)), leaves);
        }
      }
      case Leaf _ -> leaves.add(key);
    }
  }

  /// The key of an entry or element.
  ///
  /// @param key of the map or list; empty at the root of a set
  static String join(String key, String name) {
    return key.isEmpty() ? name : key + "." + name;
  }
}
