package dev.burnish.rl.loop;

import dev.burnish.rollout.VersionRange;

/// The right to make one group, and everything that determines it.
///
/// @param position of the group in the data: the first is 0
/// @param step that trains on it, counted from 1, unless groups are drawn or pass each other
/// @param seed of its samples and of everything else that is drawn for it: a function of the run's
///   seed and the position, and of how often the attempts before failed by what was drawn; the same
///   where a process was lost
/// @param versions of the weights that may sample its tokens
/// @param attempt from 1
public record Slot(long position, long step, long seed, VersionRange versions, int attempt) {}
