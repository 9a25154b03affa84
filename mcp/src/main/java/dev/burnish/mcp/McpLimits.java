package dev.burnish.mcp;

import java.time.Duration;

/// How much a server may take, since nobody here has read its code.
///
/// @param start time until it has told its tools
/// @param call time of a call
/// @param messageBytes of one message of the server; a server that sends a longer one is ended
/// @param tools that are taken; a server with more is refused
public record McpLimits(Duration start, Duration call, int messageBytes, int tools) {
  public McpLimits {
    if (!start.isPositive() || !call.isPositive() || messageBytes < 1024 || tools < 1) {
      throw new IllegalArgumentException(
          "a server must have time, messages of at least 1024 bytes and tools: start=%s call=%s messageBytes=%d tools=%d"
              .formatted(start, call, messageBytes, tools));
    }
  }

  /// 30 s to start, 30 s per call, 1 MiB per message, 64 tools.
  public static McpLimits defaults() {
    return new McpLimits(Duration.ofSeconds(30), Duration.ofSeconds(30), 1 << 20, 64);
  }

  public McpLimits withStart(Duration newStart) {
    return new McpLimits(newStart, call, messageBytes, tools);
  }

  public McpLimits withCall(Duration newCall) {
    return new McpLimits(start, newCall, messageBytes, tools);
  }

  public McpLimits withMessageBytes(int bytes) {
    return new McpLimits(start, call, bytes, tools);
  }

  public McpLimits withTools(int most) {
    return new McpLimits(start, call, messageBytes, most);
  }
}
