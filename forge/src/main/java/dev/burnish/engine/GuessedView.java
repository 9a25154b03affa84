package dev.burnish.engine;

import dev.burnish.engine.grammar.GrammarState;
import dev.burnish.engine.sampling.SequenceView;
import dev.burnish.rollout.SamplingParams;
import java.util.Optional;

/// A sequence as if some guesses of its next tokens were right. It has no grammar, whose state would
/// have to follow the guesses.
///
/// @param count of the guesses that are taken for right
@SuppressWarnings("ArrayRecordComponent") // never compared
record GuessedView(Sequence sequence, int[] guesses, int count) implements SequenceView {
  @Override
  public SamplingParams sampling() {
    return sequence.sampling();
  }

  @Override
  public int promptLength() {
    return sequence.promptLength();
  }

  @Override
  public int promptToken(int index) {
    return sequence.promptToken(index);
  }

  @Override
  public int length() {
    return sequence.length() + count;
  }

  @Override
  public int token(int index) {
    int guess = index - sequence.length();
    return guess >= 0 && guess < count ? guesses[guess] : sequence.token(index);
  }

  @Override
  public Optional<GrammarState> grammar() {
    return sequence.grammar();
  }

  @Override
  public long key() {
    return sequence.key();
  }
}
