package dev.burnish.store.tensors;

import java.util.List;
import java.util.Map;

/// The outcome of reading a state dict into another.
///
/// @param dict the other, nested as it was, with its own tensors, which are written now, and the
///   values that were stored
/// @param missing its keys that are not stored: they are as they were
/// @param unexpected keys that are stored, and that it does not have
public record StateDictRead(
    Map<String, Object> dict, List<String> missing, List<String> unexpected) {
  public StateDictRead {
    missing = List.copyOf(missing);
    unexpected = List.copyOf(unexpected);
  }
}
