package dev.burnish.actor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// One place in a mesh.
///
/// @param rank its number, counting the last axis first
/// @param coordinates by axis, outermost first
/// @param sizes of the axes
public record Point(int rank, Map<String, Integer> coordinates, Map<String, Integer> sizes) {
  /// Keeps the order of the axes.
  public Point {
    coordinates = Collections.unmodifiableMap(new LinkedHashMap<>(coordinates));
    sizes = Collections.unmodifiableMap(new LinkedHashMap<>(sizes));
  }

  /// The only place of a mesh without axes.
  public static Point single() {
    return new Point(0, Map.of(), Map.of());
  }

  /// The number of places of the mesh.
  public int size() {
    return sizes.values().stream().reduce(1, (a, b) -> a * b);
  }

  /// The coordinate on an axis.
  ///
  /// @throws IllegalArgumentException if there is no such axis
  public int at(String axis) {
    Integer coordinate = coordinates.get(axis);
    if (coordinate == null) {
      throw new IllegalArgumentException(
          "a point has coordinates on the axes of its mesh: axis=%s axes=%s"
              .formatted(axis, coordinates.keySet()));
    }
    return coordinate;
  }

  /// Such as `{hosts: 0/1, gpus: 1/2}`.
  @Override
  public String toString() {
    return coordinates.entrySet().stream()
        .map(e -> e.getKey() + ": " + e.getValue() + "/" + sizes.get(e.getKey()))
        .collect(Collectors.joining(", ", "{", "}"));
  }
}
