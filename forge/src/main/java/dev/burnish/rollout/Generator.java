package dev.burnish.rollout;

import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Idempotent;
import java.util.List;

/// Samples completions of prompts with the weights of a policy. Everything that is passed and
/// returned travels, so that a generator may live in another process.
///
/// A completion is a function of the weights, its prompt, `sampling` with its seed, and the indexes
/// of prompt and completion in the call. It is independent of the generator, of whatever else runs
/// there, and of how often the call is made: a call that is made again elsewhere gives the same
/// tokens. Thread-safe.
public interface Generator {
  /// The `sampling.n` completions of a prompt, by the weights in use.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens or leaves no room in the model's
  ///   longest sequence
  default Group generate(Prompt prompt, SamplingParams sampling) {
    return generate(prompt, sampling, VersionRange.ANY);
  }

  /// The `sampling.n` completions of a prompt, each token by weights of a version in the range.
  /// Takes over weights if those in use are not of it. Calls that wait at the same time are
  /// computed together.
  ///
  /// @throws IllegalArgumentException as [#generate(Prompt, SamplingParams)] does, or if there are
  ///   no weights of such a version
  @Concurrent
  @Idempotent
  Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions);

  /// The groups of many prompts, in their order, by the weights in use.
  default List<Group> generateAll(List<Prompt> prompts, SamplingParams sampling) {
    return generateAll(prompts, sampling, VersionRange.ANY);
  }

  /// The groups of many prompts, in their order. Generating them together is faster than one by
  /// one.
  ///
  /// @throws IllegalArgumentException as [#generate(Prompt, SamplingParams, VersionRange)] does
  @Concurrent
  @Idempotent
  List<Group> generateAll(List<Prompt> prompts, SamplingParams sampling, VersionRange versions);

  /// How likely tokens are after their prompts, by the weights in use.
  default List<Score> score(List<Continuation> continuations) {
    return score(continuations, VersionRange.ANY);
  }

  /// How likely tokens are after their prompts, in the order given, all by weights of one version
  /// in the range: for references and teachers, evaluation by likelihood, and the log-probabilities
  /// of a prompt ([Continuation#ofAll]). Beginnings that several have in common are computed once,
  /// and those whose keys a generator still has, not at all.
  ///
  /// A value has the bits of the log-probability that this generator gives the token when it draws
  /// it from the model's own distribution, at temperature 1.
  ///
  /// @throws IllegalArgumentException if a prompt has no tokens, or it and its continuation are
  ///   longer than the model's longest sequence, or there are no weights of such a version
  @Concurrent
  @Idempotent
  List<Score> score(List<Continuation> continuations, VersionRange versions);

  /// Takes over the weights of `version`, and returns the version in use afterwards.
  ///
  /// @throws IllegalArgumentException if there are no weights of that version; the ones before stay
  ///   in use
  @Concurrent
  @Idempotent
  long updateWeights(long version);

  /// The version of the weights in use.
  @Concurrent
  @Idempotent
  long version();

  /// The generator for the calls of one conversation, or of several that begin alike: where there
  /// are replicas, all these calls go to the one that has their tokens in its cache. If it is lost,
  /// they continue at another one, with the same tokens. This generator where there are none.
  ///
  /// @param key of the conversation
  default Generator conversation(String key) {
    return this;
  }
}
