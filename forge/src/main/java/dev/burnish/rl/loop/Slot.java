package dev.burnish.rl.loop;

import dev.burnish.rollout.Generator;
import dev.burnish.rollout.PinnedGenerator;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.Rollout;
import dev.burnish.rollout.SamplingParams;
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
public record Slot(long position, long step, long seed, VersionRange versions, int attempt) {
  /// Samples a group of a problem as this slot demands.
  ///
  /// @throws dev.burnish.rollout.RolloutFailure.GenerationFailed if the generator fails
  public Rollout sample(Generator policy, Problem problem, Prompt prompt, SamplingParams sampling) {
    return Rollout.sample(policy, problem, prompt, sampling.withSeed(seed), versions);
  }

  /// The same; the prompt is the problem's as plain text.
  public Rollout sample(Generator policy, Problem problem, SamplingParams sampling) {
    return sample(policy, problem, Prompt.text(problem.prompt()), sampling);
  }

  /// The policy for calls that name no versions: of those that this slot demands.
  public Generator pinned(Generator policy) {
    return new PinnedGenerator(policy, versions);
  }

  /// The parameters with this slot's seed.
  public SamplingParams seeded(SamplingParams sampling) {
    return sampling.withSeed(seed);
  }
}
