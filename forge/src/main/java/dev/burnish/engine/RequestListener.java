package dev.burnish.engine;

import dev.burnish.rollout.Completion;

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
  record SampledToken(int sample, int id, float logprob) {}

  /// A token was sampled. One that a continued completion began with is not told again.
  void token(SampledToken token);

  /// The last token of a sample was told, or it was aborted. Not called when the request fails.
  default void ended(int sample, Completion completion) {}
}
