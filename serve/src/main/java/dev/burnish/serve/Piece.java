package dev.burnish.serve;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.TopLogprobs;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A stretch of one choice of an answer: all of it, or what has come since the last piece.
///
/// @param choice index in the answer
/// @param text that the stretch adds
/// @param tokens whose text it is, and those without text
/// @param textOffset characters of the choice before it, by the texts of the tokens
/// @param ending of the choice, in its last piece
record Piece(
    int choice, String text, List<Token> tokens, int textOffset, Optional<FinishReason> ending) {
  /// A sampled token.
  ///
  /// @param top the most likely tokens there, where they were asked for
  record Token(int id, float logprob, Optional<TopLogprobs> top) {}

  Piece {
    tokens = List.copyOf(tokens);
  }

  /// A choice in one piece.
  ///
  /// @param echo text that comes before the completion
  static Piece whole(int choice, Completion completion, String echo) {
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < completion.tokens().length; i++) {
      tokens.add(new Token(completion.tokens()[i], completion.logprobs()[i], top(completion, i)));
    }
    return new Piece(choice, echo + completion.text(), tokens, 0, Optional.of(completion.finish()));
  }

  private static Optional<TopLogprobs> top(Completion completion, int index) {
    List<TopLogprobs> all = completion.details().top();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(index));
  }
}
