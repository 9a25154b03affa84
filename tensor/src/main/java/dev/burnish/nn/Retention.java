package dev.burnish.nn;

import java.util.Optional;

/// The state that a forward keeps of each block for the backward that may follow.
sealed interface Retention {
  /// Nothing: there is no backward.
  record Nothing() implements Retention {}

  /// The input of each block, and its activations as the policy says.
  ///
  /// @param store for the activations that the policy does not keep; without one they are computed
  ///   again
  record ForBackward(ActivationPolicy policy, Optional<ActivationPolicy.Store> store)
      implements Retention {}
}
