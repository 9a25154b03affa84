package dev.burnish.store.volume;

/// How much a volume holds.
///
/// @param parts contributions
/// @param memoryBytes of those in memory
/// @param diskBytes of those in files
public record VolumeState(int parts, long memoryBytes, long diskBytes) {}
