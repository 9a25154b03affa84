package dev.burnish.tools;

/// A part of an answer by which a model meant to call a tool.
public sealed interface ToolAttempt {
  /// A call.
  record Call(ToolCall call) implements ToolAttempt {}

  /// Text that was meant as a call and is none.
  ///
  /// @param reason for the model
  record Malformed(String reason) implements ToolAttempt {}
}
