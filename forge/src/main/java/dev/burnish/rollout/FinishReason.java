package dev.burnish.rollout;

/// Why a completion ended.
public enum FinishReason {
  /// An end token or a stop string came.
  STOP,
  /// The token limit, or the model's longest sequence, was reached.
  LENGTH
}
