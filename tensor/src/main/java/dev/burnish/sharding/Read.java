package dev.burnish.sharding;

/// A box that one rank reads from another.
///
/// @param sourceRank whose part has it
/// @param box of the whole tensor
/// @param copy from the source's part to the reader's
public record Read(int sourceRank, Box box, StridedCopy copy) {}
