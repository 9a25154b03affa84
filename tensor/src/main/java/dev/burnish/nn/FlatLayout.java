package dev.burnish.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.SequencedSet;

/// Where each parameter of one part of a model lies in a flat buffer: names, shapes and offsets,
/// one parameter after the other without gaps.
///
/// Immutable. Weights, gradients and their publishers agree on it, whatever memory they are in.
public final class FlatLayout {
  private record Entry(ParameterSpec spec, int offset) {}

  private final SequencedMap<String, Entry> entries = new LinkedHashMap<>();
  private final int size;

  private FlatLayout(List<ParameterSpec> specs) {
    int end = 0;
    for (ParameterSpec spec : specs) {
      if (entries.put(spec.name(), new Entry(spec, end)) != null) {
        throw new IllegalArgumentException("parameter names must differ: name=" + spec.name());
      }
      end = Math.addExact(end, spec.size());
    }
    size = end;
  }

  /// @throws IllegalArgumentException if two have the same name
  public static FlatLayout of(List<ParameterSpec> specs) {
    return new FlatLayout(specs);
  }

  /// The layout of a part without parameters.
  static FlatLayout empty() {
    return new FlatLayout(List.of());
  }

  /// The names, in the order of the buffer.
  public SequencedSet<String> names() {
    return new LinkedHashSet<>(entries.keySet());
  }

  /// @throws IllegalArgumentException if there is no parameter of that name
  public ParameterSpec spec(String name) {
    return find(name).spec();
  }

  /// First element of a parameter in the buffer.
  ///
  /// @throws IllegalArgumentException if there is no parameter of that name
  public int offset(String name) {
    return find(name).offset();
  }

  /// Elements of the buffer.
  public int size() {
    return size;
  }

  private Entry find(String name) {
    Entry found = entries.get(name);
    if (found == null) {
      throw new IllegalArgumentException(
          "no parameter of that name: name=%s names=%s"
              .formatted(name, Collections.unmodifiableSet(entries.keySet())));
    }
    return found;
  }
}
