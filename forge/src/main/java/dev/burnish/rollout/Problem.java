package dev.burnish.rollout;

/// One prompt and its right answer.
///
/// @param target the text that the reward compares with, and the completion to imitate in a warm-up
/// @param index of the draw, or of the row in its data set
public record Problem(String prompt, String target, long index) {}
