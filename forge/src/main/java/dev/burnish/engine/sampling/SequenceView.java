package dev.burnish.engine.sampling;

import dev.burnish.engine.grammar.GrammarState;
import dev.burnish.rollout.SamplingParams;
import java.util.Optional;

/// A completion while it grows, as the draw of its next token sees it. It must not change during a
/// draw.
public interface SequenceView {
  SamplingParams sampling();

  /// The number of tokens of the prompt.
  int promptLength();

  /// Token `index` of the prompt.
  int promptToken(int index);

  /// The number of tokens that were drawn.
  int length();

  /// Token `index` of those that were drawn.
  int token(int index);

  /// The place of its text in the structure that it must have, where it must have one.
  Optional<GrammarState> grammar();

  /// Determines the draws of the completion together with their positions.
  long key();
}
