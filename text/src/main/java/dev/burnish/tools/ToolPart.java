package dev.burnish.tools;

/// A stretch of a model's answer.
public sealed interface ToolPart {
  /// Text, which is no call.
  record Text(String text) implements ToolPart {}

  /// A call of a tool.
  record Call(ToolCall call) implements ToolPart {}
}
