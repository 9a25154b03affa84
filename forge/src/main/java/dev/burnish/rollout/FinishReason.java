package dev.burnish.rollout;

/// Why a completion ended.
public enum FinishReason {
  /// An end token or a stop string came.
  STOP,
  /// The token limit, or the model's longest sequence, was reached.
  LENGTH,
  /// The request was aborted, or its time was over: the tokens are those that there were.
  ABORTED
}
