package dev.burnish.engine;

/// The treatment of requests that have begun when new weights come into use.
public enum WeightUpdate {
  /// They are continued by the new weights between two steps, and keep the keys and values that the
  /// old ones computed; each token carries its version. One that loses its cache afterwards
  /// (preemption) is computed again by the weights in use, all of it: its later tokens are those
  /// that [#RECOMPUTE] gives, while each token keeps the version that sampled it and the logprob of
  /// that moment. The weights are laid out beside those in use, one part after each step. Waits, as
  /// [#RECOMPUTE] does, while a request is bound to other versions.
  KEEP,
  /// The same, but their keys and values are computed again by the new weights.
  RECOMPUTE,
  /// They are finished by the old weights; no other request begins before the new ones are in use.
  FINISH,
  /// They are aborted, with what there is.
  ABORT;

  /// Whether the weights change under requests that have begun.
  boolean swaps() {
    return this == KEEP || this == RECOMPUTE;
  }
}
