package dev.burnish.serve;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.TopLogprobs;
import dev.burnish.tools.ToolCall;
import dev.burnish.tools.ToolFormat;
import dev.burnish.tools.ToolPart;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A stretch of one choice of an answer: all of it, or what has come since the last piece.
///
/// @param choice index in the answer
/// @param added what the stretch adds
/// @param tokens that it comes from, and those without text
/// @param ending of the choice, in its last piece
record Piece(int choice, Added added, Tokens tokens, Optional<FinishReason> ending) {
  /// Text, and the calls of tools that it held.
  record Added(String text, List<ToolCall> calls) {
    Added {
      calls = List.copyOf(calls);
    }

    static Added of(String before, List<ToolPart> parts) {
      StringBuilder text = new StringBuilder(before);
      List<ToolCall> calls = new ArrayList<>();
      for (ToolPart part : parts) {
        switch (part) {
          case ToolPart.Text(String more) -> text.append(more);
          case ToolPart.Call(ToolCall call) -> calls.add(call);
        }
      }
      return new Added(text.toString(), calls);
    }

    boolean isEmpty() {
      return text.isEmpty() && calls.isEmpty();
    }
  }

  /// @param echo of the prompt, in the first piece
  /// @param textOffset characters of the choice before these, by the texts of the tokens
  record Tokens(Echo echo, List<Token> sampled, int textOffset) {
    Tokens {
      sampled = List.copyOf(sampled);
    }
  }

  /// A sampled token.
  ///
  /// @param top the most likely tokens there, where they were asked for
  record Token(int id, float logprob, Optional<TopLogprobs> top) {}

  /// A choice in one piece.
  ///
  /// @param echo of its prompt
  /// @param tools how it writes calls of tools, where they are read
  static Piece whole(int choice, Completion completion, Echo echo, Optional<ToolFormat> tools) {
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < completion.tokens().length; i++) {
      tokens.add(new Token(completion.tokens()[i], completion.logprobs()[i], top(completion, i)));
    }
    List<ToolPart> parts =
        tools
            .map(format -> format.parse(completion.text()))
            .orElseGet(() -> List.of(new ToolPart.Text(completion.text())));
    return new Piece(
        choice,
        Added.of(echo.text(), parts),
        new Tokens(echo, tokens, 0),
        Optional.of(completion.finish()));
  }

  private static Optional<TopLogprobs> top(Completion completion, int index) {
    List<TopLogprobs> all = completion.details().top();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(index));
  }
}
