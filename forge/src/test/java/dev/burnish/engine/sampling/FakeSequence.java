package dev.burnish.engine.sampling;

import dev.burnish.engine.grammar.GrammarState;
import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A sequence of given tokens.
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FakeSequence(
    SamplingParams sampling, int[] prompt, int[] tokens, long key, Optional<GrammarState> grammar)
    implements SequenceView {
  /// A sequence of any text.
  public FakeSequence(SamplingParams sampling, int[] prompt, int[] tokens, long key) {
    this(sampling, prompt, tokens, key, Optional.empty());
  }

  /// One sequence per key from 0 on, whose next token is the one at `position`.
  static List<FakeSequence> many(SamplingParams sampling, int count, int position) {
    List<FakeSequence> sequences = new ArrayList<>();
    for (int key = 0; key < count; key++) {
      sequences.add(new FakeSequence(sampling, new int[] {0}, new int[position], key));
    }
    return sequences;
  }

  @Override
  public int promptLength() {
    return prompt.length;
  }

  @Override
  public int promptToken(int index) {
    return prompt[index];
  }

  @Override
  public int length() {
    return tokens.length;
  }

  @Override
  public int token(int index) {
    return tokens[index];
  }
}
