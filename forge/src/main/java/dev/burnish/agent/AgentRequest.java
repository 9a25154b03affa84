package dev.burnish.agent;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// A request of an agent for the answer to a conversation.
///
/// @param tools JSON schemas of the functions that the model may call; empty for those of the
///   format
/// @param variables of the template, besides those of the format
public record AgentRequest(
    List<ChatMessage> messages,
    List<Map<String, Object>> tools,
    Map<String, Object> variables,
    Wishes wishes) {
  /// The sampling that an agent decides on; everything else is the run's.
  ///
  /// @param maxTokens of the answer
  /// @param stop texts before which it is cut
  /// @param seed further answers to the same conversation are drawn by it
  /// @param topLogprobs other tokens that are reported per token
  public record Wishes(
      OptionalInt maxTokens, List<String> stop, OptionalLong seed, int topLogprobs) {
    /// None.
    public static final Wishes NONE =
        new Wishes(OptionalInt.empty(), List.of(), OptionalLong.empty(), 0);

    public Wishes {
      stop = List.copyOf(stop);
    }

    /// The sampling of a run with these.
    SamplingParams over(SamplingParams sampling, int most) {
      SamplingParams.Stop own = sampling.stop();
      List<String> texts = new ArrayList<>(own.texts());
      texts.addAll(stop);
      return sampling
          .withN(1)
          .withMaxTokens(most)
          .withStop(
              new SamplingParams.Stop(
                  texts, own.tokens(), Math.min(own.minTokens(), most), own.atEnd()))
          .withLogprobs(
              new SamplingParams.Logprobs(
                  Math.max(topLogprobs, sampling.logprobs().top()),
                  sampling.logprobs().distribution()));
    }
  }

  public AgentRequest {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
    variables = Map.copyOf(variables);
  }
}
