package dev.burnish.engine.sampling;

import dev.burnish.rollout.TopLogprobs;
import java.util.Optional;

/// The result of a draw of one token.
public sealed interface Draw {
  /// A token.
  ///
  /// @param logprob natural log-probability before truncation, as in
  ///   [dev.burnish.rollout.Completion#logprobs]
  /// @param keptMass share of the probability that the tokens hold which could be drawn; 1 where
  ///   nothing is cut, and where the most likely token is taken
  /// @param top the most likely tokens, where the parameters ask for them
  record Drawn(int token, float logprob, float keptMass, Optional<TopLogprobs> top)
      implements Draw {
    /// A token of a distribution that nothing cuts, where no other was asked for.
    public Drawn(int token, float logprob) {
      this(token, logprob, 1, Optional.empty());
    }
  }

  /// No token, since the logits have no distribution or a processor threw.
  record Refused(RuntimeException cause) implements Draw {}
}
