package dev.burnish.launch.remote;

import dev.burnish.launch.LogSink;
import java.util.function.Consumer;

/// A request to a launcher.
///
/// @param job its id
/// @param ticket a secret: one line with which an agent joins the job
/// @param output of agents, where the launcher sees it
/// @param onEnd called for an agent that has ended or will never begin, once for each
public record LaunchRequest(String job, String ticket, LogSink output, Consumer<AgentEnd> onEnd) {
  /// How an agent ended.
  ///
  /// @param host its name
  /// @param reason in a line or two, with its last output if that is known
  public record AgentEnd(String host, String reason) {
    /// `host n1: ...`.
    public String describe() {
      return "host " + host + ": " + reason;
    }
  }

  /// Without the secret.
  @Override
  public String toString() {
    return "LaunchRequest[" + job + "]";
  }
}
