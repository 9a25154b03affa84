package dev.burnish.run;

/// How a run ended.
///
/// @param steps that it has done since its beginning
public record RunEnd(RunStatus status, long steps) {}
