package dev.burnish.engine;

import dev.burnish.engine.grammar.GrammarState;
import dev.burnish.engine.sampling.SequenceView;
import dev.burnish.rollout.SamplingParams;
import java.util.Optional;

/// A sequence as if some guesses of its next tokens were right.
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
  public long key() {
    return sequence.key();
  }

  /// The state after the guesses; after one that may not come, which no draw equals, the state
  /// before it.
  @Override
  public Optional<GrammarState> grammar() {
    return sequence.grammar().map(this::afterGuesses);
  }

  private GrammarState afterGuesses(GrammarState state) {
    GrammarState after = state;
    for (int i = 0; i < count && allows(after, guesses[i]); i++) {
      after = after.after(guesses[i]);
    }
    return after;
  }

  private static boolean allows(GrammarState state, int token) {
    long[] allowed = state.allowed();
    return token / Long.SIZE < allowed.length && (allowed[token / Long.SIZE] >>> token & 1) == 1;
  }
}
