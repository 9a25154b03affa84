package dev.burnish.rollout;

import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.Segment.Source;
import java.util.List;
import java.util.Optional;

/// One trajectory with its reward: the unit that is trained on. The policy learns the tokens that
/// it sampled and whose mask is set.
///
/// A trajectory is a forest: where the policy was shown an earlier part in other words (a template
/// that leaves thoughts out, a conversation that was compacted), what follows is a further branch.
/// Branches that begin alike share their beginnings in training, and a token is sampled in one
/// branch only: in later ones it is given.
///
/// @param branches in the order in which they began; in at least one, tokens are learned
/// @param recording of the environment, where one was played
public record Episode(List<Branch> branches, double reward, Optional<Recording> recording) {
  public Episode {
    branches = List.copyOf(branches);
    if (!Double.isFinite(reward)) {
      throw new IllegalArgumentException(
          "a reward must be finite: reward=%s; mend the reward function".formatted(reward));
    }
    if (branches.stream().mapToInt(Branch::numLearned).sum() == 0) {
      throw new IllegalArgumentException(
          "an episode must have sampled tokens to learn: branches="
              + branches.stream().map(branch -> Branch.kinds(branch.segments())).toList());
    }
  }

  /// An episode without an environment.
  public Episode(List<Branch> branches, double reward) {
    this(branches, reward, Optional.empty());
  }

  /// An episode of one branch.
  ///
  /// @param segments the first is a prompt; at least one is sampled
  public static Episode of(List<Segment> segments, double reward) {
    return new Episode(List.of(new Branch(segments)), reward);
  }

  /// A prompt with one completion, whose every token has the same advantage.
  public static Episode singleTurn(
      int[] prompt, Completion completion, double reward, double advantage) {
    return of(List.of(new Given(Source.PROMPT, prompt), Sampled.of(completion, advantage)), reward);
  }

  /// Token ids of the prompt that it began with.
  public int[] prompt() {
    return branches.getFirst().prompt();
  }

  /// The segments that the policy sampled, in order.
  public List<Sampled> sampled() {
    return branches.stream().flatMap(branch -> branch.sampled().stream()).toList();
  }

  /// The version of the weights that sampled each of the policy's tokens.
  public TokenVersions versions() {
    return sampled().stream()
        .map(sampled -> sampled.completion().versions())
        .reduce(TokenVersions.of(0, 0), TokenVersions::concat);
  }

  /// The advantage of the first learned token: in an episode of a single turn, that of all.
  public double advantage() {
    return sampled().stream().flatMapToDouble(Sampled::learnedAdvantages).findFirst().orElseThrow();
  }

  /// The number of tokens that the policy sampled.
  public int numSampled() {
    return sampled().stream().mapToInt(s -> s.tokens().length).sum();
  }

  /// The number of tokens that the policy learns.
  public int numLearned() {
    return branches.stream().mapToInt(Branch::numLearned).sum();
  }
}
