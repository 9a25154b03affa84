package dev.burnish.engine;

import dev.burnish.engine.grammar.GrammarState;
import dev.burnish.engine.sampling.SequenceView;
import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A sequence as if some guesses of its next tokens were right.
///
/// @param count of the guesses that are taken for right
/// @param grammar the state after these; after one that may not come, which no draw equals, the
///   state before it
@SuppressWarnings("ArrayRecordComponent") // never compared
record GuessedView(Sequence sequence, int[] guesses, int count, Optional<GrammarState> grammar)
    implements SequenceView {
  /// The views of a sequence for its next draw, and for the draw after each guess.
  static List<SequenceView> all(Sequence sequence, int[] guesses) {
    List<SequenceView> views = new ArrayList<>();
    views.add(sequence);
    Optional<GrammarState> grammar = sequence.grammar();
    for (int right = 1; right <= guesses.length; right++) {
      int guess = guesses[right - 1];
      grammar = grammar.map(state -> allows(state, guess) ? state.after(guess) : state);
      views.add(new GuessedView(sequence, guesses, right, grammar));
    }
    return views;
  }

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

  private static boolean allows(GrammarState state, int token) {
    long[] allowed = state.allowed();
    return token / Long.SIZE < allowed.length && (allowed[token / Long.SIZE] >>> token & 1) == 1;
  }
}
