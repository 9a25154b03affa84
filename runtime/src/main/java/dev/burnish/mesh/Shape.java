package dev.burnish.mesh;

import dev.burnish.actor.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The members of a list that make up a mesh, and its named axes: offset, sizes and strides, as of
/// an array. Slicing copies nothing.
///
/// @param axes outermost first
/// @param offset of the first member
/// @param sizes by axis
/// @param strides by axis
public record Shape(List<String> axes, int offset, List<Integer> sizes, List<Integer> strides) {
  /// @throws IllegalArgumentException if axes repeat or differ in number from sizes and strides
  public Shape {
    axes = List.copyOf(axes);
    sizes = List.copyOf(sizes);
    strides = List.copyOf(strides);
    if (axes.size() != sizes.size()
        || axes.size() != strides.size()
        || axes.stream().distinct().count() != axes.size()
        || offset < 0
        || sizes.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException(
          "each axis has a name of its own, a size and a stride: axes=%s offset=%d sizes=%s strides=%s"
              .formatted(axes, offset, sizes, strides));
    }
  }

  /// A dense shape; the last axis varies fastest.
  ///
  /// @param sizes by axis, outermost first; a map with several axes must have an order
  public static Shape of(Map<String, Integer> sizes) {
    List<Integer> values = List.copyOf(sizes.values());
    return new Shape(List.copyOf(sizes.keySet()), 0, values, dense(values));
  }

  /// The shape with additional inner axes.
  Shape append(Map<String, Integer> inner) {
    Map<String, Integer> all = new LinkedHashMap<>(extent());
    inner.forEach((axis, size) -> {
      if (all.put(axis, size) != null) {
        throw new IllegalArgumentException(
            "each axis has a name of its own: axis=%s axes=%s".formatted(axis, axes));
      }
    });
    return of(all);
  }

  private static List<Integer> dense(List<Integer> sizes) {
    List<Integer> strides = new ArrayList<>();
    int stride = 1;
    for (int size : sizes.reversed()) {
      strides.addFirst(stride);
      stride *= size;
    }
    return strides;
  }

  /// The number of members.
  public int size() {
    return sizes.stream().reduce(1, (a, b) -> a * b);
  }

  /// Sizes by axis.
  public Map<String, Integer> extent() {
    Map<String, Integer> extent = new LinkedHashMap<>();
    for (int i = 0; i < axes.size(); i++) {
      extent.put(axes.get(i), sizes.get(i));
    }
    return extent;
  }

  /// One place on an axis; the axis is removed.
  ///
  /// @throws IllegalArgumentException if there is no such axis or place
  public Shape at(String axis, int index) {
    int i = axis(axis);
    checkIndex(axis, index, sizes.get(i));
    return new Shape(
        without(axes, i), offset + index * strides.get(i), without(sizes, i), without(strides, i));
  }

  /// The places `from` to before `to` of an axis.
  ///
  /// @throws IllegalArgumentException if there is no such axis or range
  public Shape slice(String axis, int from, int to) {
    return slice(axis, from, to, 1);
  }

  /// Every `step`th place of an axis, `from` to before `to`.
  ///
  /// @throws IllegalArgumentException if there is no such axis or range
  public Shape slice(String axis, int from, int to, int step) {
    int i = axis(axis);
    if (from < 0 || to > sizes.get(i) || from >= to || step < 1) {
      throw new IllegalArgumentException(
          "a slice has places of its axis: axis=%s size=%d from=%d to=%d step=%d"
              .formatted(axis, sizes.get(i), from, to, step));
    }
    return new Shape(
        axes,
        offset + from * strides.get(i),
        with(sizes, i, (to - from + step - 1) / step),
        with(strides, i, strides.get(i) * step));
  }

  /// Splits an axis in two, the inner one of a given size.
  ///
  /// @throws IllegalArgumentException if the size does not divide the axis
  public Shape split(String axis, String outer, String inner, int innerSize) {
    int i = axis(axis);
    int size = sizes.get(i);
    if (innerSize < 1 || size % innerSize != 0) {
      throw new IllegalArgumentException(
          "an axis is split into equal parts: axis=%s size=%d innerSize=%d"
              .formatted(axis, size, innerSize));
    }
    List<String> names = new ArrayList<>(with(axes, i, outer));
    names.add(i + 1, inner);
    List<Integer> newSizes = new ArrayList<>(with(sizes, i, size / innerSize));
    newSizes.add(i + 1, innerSize);
    List<Integer> newStrides = new ArrayList<>(with(strides, i, strides.get(i) * innerSize));
    newStrides.add(i + 1, strides.get(i));
    return new Shape(names, offset, newSizes, newStrides);
  }

  /// Merges all axes into one.
  ///
  /// @throws IllegalArgumentException if members between the first and the last are left out
  public Shape flatten(String axis) {
    if (!strides.equals(dense(sizes))) {
      throw new IllegalArgumentException(
          "only a dense mesh is flattened: sizes=%s strides=%s; flatten before slicing"
              .formatted(sizes, strides));
    }
    return new Shape(List.of(axis), offset, List.of(size()), List.of(1));
  }

  /// An axis under another name.
  ///
  /// @throws IllegalArgumentException if there is no such axis, or the name is taken
  public Shape rename(String axis, String name) {
    return new Shape(with(axes, axis(axis), name), offset, sizes, strides);
  }

  /// The position in the list of each member, in the order of ranks.
  public int[] positions() {
    return IntStream.range(0, size()).map(this::position).toArray();
  }

  /// The position in the list of the member of a rank.
  int position(int rank) {
    int position = offset;
    int rest = rank;
    for (int i = axes.size() - 1; i >= 0; i--) {
      position += rest % sizes.get(i) * strides.get(i);
      rest /= sizes.get(i);
    }
    return position;
  }

  /// The place of a rank.
  ///
  /// @throws IllegalArgumentException if there is no such rank
  public Point point(int rank) {
    checkIndex("rank", rank, size());
    Map<String, Integer> coordinates = new LinkedHashMap<>();
    int rest = rank;
    int[] values = new int[axes.size()];
    for (int i = axes.size() - 1; i >= 0; i--) {
      values[i] = rest % sizes.get(i);
      rest /= sizes.get(i);
    }
    for (int i = 0; i < values.length; i++) {
      coordinates.put(axes.get(i), values[i]);
    }
    return new Point(rank, coordinates, extent());
  }

  private int axis(String axis) {
    int index = axes.indexOf(axis);
    if (index < 0) {
      throw new IllegalArgumentException(
          "a mesh has its own axes: axis=%s axes=%s".formatted(axis, axes));
    }
    return index;
  }

  private static void checkIndex(String what, int index, int size) {
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException(
          "a place is within its axis: axis=%s index=%d size=%d".formatted(what, index, size));
    }
  }

  private static <T> List<T> without(List<T> values, int index) {
    List<T> rest = new ArrayList<>(values);
    rest.remove(index);
    return rest;
  }

  private static <T> List<T> with(List<T> values, int index, T value) {
    List<T> changed = new ArrayList<>(values);
    changed.set(index, value);
    return changed;
  }
}
