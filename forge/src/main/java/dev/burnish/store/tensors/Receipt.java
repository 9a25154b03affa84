package dev.burnish.store.tensors;

/// The answer of a catalogue that has taken a contribution.
///
/// @param epoch of the catalogue: another one after it was started again
/// @param number of the put that the contribution is part of, higher than that of earlier puts
public record Receipt(long epoch, long number) {}
