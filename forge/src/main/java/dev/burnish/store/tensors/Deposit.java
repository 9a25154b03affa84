package dev.burnish.store.tensors;

/// A contribution that is kept by others than the catalogue, for one that is started again.
///
/// @param to where it went
/// @param number of the put that it is part of
public record Deposit(Destination to, long number, Contribution part) {}
