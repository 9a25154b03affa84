package dev.burnish.store.tensors;

import java.util.Map;

/// The contributions of a list that a catalogue has.
///
/// @param epoch of the catalogue
/// @param lastHeld by id, counted in holds of the catalogue
public record Uses(long epoch, Map<Long, Long> lastHeld) {
  public Uses {
    lastHeld = Map.copyOf(lastHeld);
  }
}
