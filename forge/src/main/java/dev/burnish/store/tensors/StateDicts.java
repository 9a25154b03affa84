package dev.burnish.store.tensors;

import dev.burnish.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/// Reads state dicts from a snapshot.
final class StateDicts {
  private StateDicts() {}

  /// @return nested as it was put, with whole tensors, which are the caller's
  static Map<String, Object> read(Snapshot snapshot, String key) {
    Structure structure = snapshot.structure(key);
    List<String> leaves = structure.leaves(key);
    List<String> tensors = leaves.stream().filter(snapshot::isTensor).toList();
    Map<String, Object> read = new LinkedHashMap<>();
    leaves.stream()
        .filter(leaf -> !snapshot.isTensor(leaf))
        .forEach(leaf -> read.put(leaf, snapshot.plainValue(leaf)));
    read.putAll(snapshot.getAll(tensors));
    return map(StateDict.nested(key, structure, leaf -> Objects.requireNonNull(read.get(leaf))));
  }

  /// Reads into the tensors of another.
  static StateDictRead readInto(
      Snapshot snapshot, String key, Map<String, ?> into, Matching matching) {
    StateDict own = StateDict.of(key, into);
    Set<String> stored = Set.copyOf(snapshot.structure(key).leaves(key));
    List<String> missing = without(own.leaves().keySet(), stored);
    List<String> unexpected = without(stored, own.leaves().keySet());
    if (matching == Matching.STRICT && !(missing.isEmpty() && unexpected.isEmpty())) {
      throw new StoreException(
          "a state dict must have the keys that are stored: key=%s missing=%s unexpected=%s; read it by Matching.PARTIAL to leave those as they are"
              .formatted(key, Keys.shortened(missing), Keys.shortened(unexpected)));
    }
    Map<String, Object> read = new LinkedHashMap<>(own.leaves());
    Map<String, ShardedTensor> tensors = new LinkedHashMap<>();
    own.leaves()
        .forEach((leaf, value) -> {
          if (stored.contains(leaf)) {
            requireKind(snapshot, leaf, value);
            switch (value) {
              case Tensor tensor -> tensors.put(leaf, ShardedTensor.whole(tensor));
              case ShardedTensor tensor -> tensors.put(leaf, tensor);
              default -> read.put(leaf, snapshot.plainValue(leaf));
            }
          }
        });
    snapshot.getAllInto(tensors);
    Object dict =
        StateDict.nested(key, own.structure(), leaf -> Objects.requireNonNull(read.get(leaf)));
    return new StateDictRead(map(dict), relative(key, missing), relative(key, unexpected));
  }

  private static void requireKind(Snapshot snapshot, String leaf, Object value) {
    boolean tensor = value instanceof Tensor || value instanceof ShardedTensor;
    if (tensor != snapshot.isTensor(leaf)) {
      throw new IllegalArgumentException(
          "a tensor must be read into a tensor, and a value in place of a value: key=%s own=%s"
              .formatted(leaf, value.getClass().getSimpleName()));
    }
  }

  private static List<String> without(Set<String> keys, Set<String> others) {
    return keys.stream().filter(each -> !others.contains(each)).sorted().toList();
  }

  private static List<String> relative(String key, List<String> leaves) {
    int prefix = key.isEmpty() ? 0 : key.length() + 1;
    return leaves.stream().map(leaf -> leaf.substring(prefix)).toList();
  }

  /// The root is a map.
  private static Map<String, Object> map(Object nested) {
    return ((Map<?, ?>) nested)
        .entrySet().stream()
            .collect(
                Collectors.toMap(
                    each -> (String) each.getKey(),
                    each -> each.getValue(),
                    (one, _) -> one,
                    LinkedHashMap::new));
  }
}
