package dev.burnish.engine;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.TopLogprobs;
import java.util.Optional;

/// Follows a request while it is served. Called by the thread that generates, which waits for it:
/// it must return at once. An exception fails the request.
public interface RequestListener {
  /// Does nothing.
  RequestListener NONE = _ -> {};

  /// A sampled token.
  ///
  /// @param sample index of the completion
  /// @param id of the token
  /// @param logprob as in [Completion]
  /// @param top the most likely tokens, where the parameters ask for them
  record SampledToken(int sample, int id, float logprob, Optional<TopLogprobs> top) {}

  /// A token was sampled. One that a continued completion began with is not told again.
  void token(SampledToken token);

  /// The last token of a sample was told, or it was aborted. Not called when the request fails.
  default void ended(int sample, Completion completion) {}
}
