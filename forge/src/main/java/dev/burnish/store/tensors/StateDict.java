package dev.burnish.store.tensors;

import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The tensors and values of a state dict by dotted key, and how they are nested.
///
/// @param key of the whole
/// @param leaves by key, each a [Tensor], a [ShardedTensor] or a plain value
record StateDict(String key, Map<String, Object> leaves, Structure structure) {
  /// Bounded by the depth of what travels.
  private static final int MAX_DEPTH = 12;

  /// @throws IllegalArgumentException if it is nested too deeply, has keys that are no strings, two
  ///   leaves with the same dotted key, or something that is neither tensor nor value; it names the
  ///   key
  static StateDict of(String key, Map<String, ?> dict) {
    Map<String, Object> leaves = new LinkedHashMap<>();
    Structure structure = flatten(key, dict, 0, leaves);
    return new StateDict(key, leaves, structure);
  }

  private static Structure flatten(
      String key, @Nullable Object value, int depth, Map<String, Object> leaves) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "a state dict must be nested at most %d levels deep: key=%s".formatted(MAX_DEPTH, key));
    }
    return switch (value) {
      case Map<?, ?> map -> {
        List<Structure.Entry> entries = new ArrayList<>();
        map.forEach((name, each) -> entries.add(entry(key, name, each, depth, leaves)));
        yield new Structure.OfMap(entries);
      }
      case List<?> list -> {
        List<Structure> elements = new ArrayList<>();
        for (Object each : list) {
          String name = Integer.toString(elements.size());
          elements.add(flatten(Structure.join(key, name), each, depth + 1, leaves));
        }
        yield new Structure.OfList(elements);
      }
      case null -> throw refused(key, "null");
      default -> leaf(key, value, leaves);
    };
  }

  private static Structure.Entry entry(
      String key,
      @Nullable Object name,
      @Nullable Object value,
      int depth,
      Map<String, Object> leaves) {
    if (!(name instanceof String text)) {
      throw new IllegalArgumentException(
          "keys of a state dict must be strings: within=%s key=%s".formatted(key, name));
    }
    return new Structure.Entry(text, flatten(Structure.join(key, text), value, depth + 1, leaves));
  }

  private static Structure leaf(String key, Object value, Map<String, Object> leaves) {
    if (!(value instanceof Tensor || value instanceof ShardedTensor || Values.isPlain(value))) {
      throw refused(key, value.getClass().getName());
    }
    if (leaves.put(key, value) != null) {
      throw new IllegalArgumentException(
          "dotted keys of a state dict must be different: key=%s; rename one".formatted(key));
    }
    return new Structure.Leaf();
  }

  private static IllegalArgumentException refused(String key, String type) {
    return new IllegalArgumentException(
        "a state dict must have tensors, strings, numbers, booleans, primitive arrays, maps and lists: key=%s type=%s; put other values apart, by putValue"
            .formatted(key, type));
  }

  /// Whose parts its sharded tensors are.
  ///
  /// @param numRanks among which they are divided
  record Part(int rank, int numRanks) {}

  /// @throws IllegalArgumentException if they are of different ranks
  Part part() {
    Set<Part> parts =
        leaves.values().stream()
            .filter(ShardedTensor.class::isInstance)
            .map(ShardedTensor.class::cast)
            .map(each -> new Part(each.rank(), each.layout().numRanks()))
            .collect(Collectors.toSet());
    if (parts.size() > 1) {
      throw new IllegalArgumentException(
          "sharded tensors of a state dict must be parts of one rank of as many: key=%s parts=%s"
              .formatted(key, parts));
    }
    return parts.isEmpty() ? new Part(0, 1) : parts.iterator().next();
  }

  /// All that is to be put: tensors that are not divided, and values, are those of every rank.
  List<Piece> pieces(View view) {
    int numRanks = part().numRanks();
    List<Piece> pieces = new ArrayList<>();
    pieces.add(new Piece.OfBytes(key, new Content.OfStateDict(structure, numRanks), new byte[0]));
    leaves.forEach((each, value) -> pieces.add(piece(each, value, view)));
    return pieces;
  }

  private Piece piece(String each, Object value, View view) {
    return switch (value) {
      case Tensor tensor -> tensor(each, whole(tensor), view);
      case ShardedTensor tensor -> tensor(each, tensor, view);
      default -> Piece.OfBytes.value(each, value, part().numRanks());
    };
  }

  private static Piece tensor(String each, ShardedTensor tensor, View view) {
    return new Piece.OfTensor(each, tensor, view.type(tensor.local().dtype()));
  }

  private ShardedTensor whole(Tensor tensor) {
    Part part = part();
    DeviceMesh mesh = DeviceMesh.of(part.numRanks());
    return new ShardedTensor(Layout.replicated(mesh, tensor.shape()), part.rank(), tensor);
  }

  /// Nests leaves again.
  ///
  /// @param leaf by key
  static Object nested(String key, Structure structure, Function<String, Object> leaf) {
    return switch (structure) {
      case Structure.OfMap map -> {
        Map<String, Object> nested = new LinkedHashMap<>();
        map.entries()
            .forEach(each ->
                nested.put(
                    each.name(), nested(Structure.join(key, each.name()), each.value(), leaf)));
        yield nested;
      }
      case Structure.OfList list -> {
        List<Object> nested = new ArrayList<>();
        for (Structure each : list.elements()) {
          String name = Integer.toString(nested.size());
          nested.add(nested(Structure.join(key, name), each, leaf));
        }
        yield nested;
      }
      case Structure.Leaf _ -> leaf.apply(key);
    };
  }
}
