package dev.burnish.agent;

/// The answer to a call of a tool.
///
/// @param text that the policy reads
record ToolAnswer(Outcome outcome, String text) {
  /// The end of a call.
  enum Outcome {
    /// The tool answered.
    ANSWERED,
    /// It was no call.
    MALFORMED,
    /// There is no such tool, the arguments do not fit, or no calls are left.
    REFUSED,
    /// The tool threw.
    FAILED,
    /// It took too long.
    LATE
  }
}
