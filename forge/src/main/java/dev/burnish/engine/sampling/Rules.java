package dev.burnish.engine.sampling;

import dev.burnish.engine.grammar.GrammarState;
import dev.burnish.kernel.LogitRow;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.SamplingParams.Penalties;
import dev.burnish.rollout.SamplingParams.TokenRules;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/// Changes logits as the sampling parameters of their sequence say, in the order of vLLM
/// ([SamplingParams]). Memory for one row; one thread.
final class Rules {
  private static final float NEVER = Float.NEGATIVE_INFINITY;

  private final int[] endTokens;
  private final List<LogitsProcessor> processors;
  private final BitSet seen = new BitSet();
  private int[] counts = new int[0];

  Rules(int[] endTokens, List<LogitsProcessor> processors) {
    this.endTokens = endTokens;
    this.processors = processors;
  }

  void apply(LogitRow row, SequenceView sequence) {
    SamplingParams params = sequence.sampling();
    process(row, sequence);
    sequence.grammar().ifPresent(state -> keepStructure(row, state, params.stop()));
    forbid(row, sequence, params.tokens());
    if (sequence.length() < params.stop().minTokens()) {
      forbidEnds(row, params.stop());
    }
    params.tokens().bias().forEach((id, bias) -> row.set(id, (float) (row.get(id) + bias)));
    penalize(row, sequence, params.penalties());
  }

  /// Whether tokens may be forbidden.
  boolean forbidAny(SequenceView sequence) {
    TokenRules tokens = sequence.sampling().tokens();
    return !processors.isEmpty()
        || sequence.grammar().isPresent()
        || !tokens.allowed().isEmpty()
        || !tokens.suppressed().isEmpty()
        || !tokens.badWords().isEmpty()
        || sequence.length() < sequence.sampling().stop().minTokens();
  }

  private void process(LogitRow row, SequenceView sequence) {
    for (LogitsProcessor processor : processors) {
      Logits logits = new Logits(row);
      try {
        processor.process(sequence, logits);
      } finally {
        logits.close();
      }
    }
  }

  /// End and stop tokens where the text is whole, and nowhere else.
  private void keepStructure(LogitRow row, GrammarState state, SamplingParams.Stop stop) {
    long[] bits = Arrays.copyOf(state.allowed(), (row.count() + 63) / 64);
    IntStream ends =
        IntStream.concat(
            IntStream.of(endTokens), stop.tokens().stream().mapToInt(Integer::intValue));
    ends.forEach(id -> {
      long bit = 1L << id;
      bits[id >>> 6] = state.complete() ? bits[id >>> 6] | bit : bits[id >>> 6] & ~bit;
    });
    row.keepOnly(bits);
  }

  private void forbid(LogitRow row, SequenceView sequence, TokenRules tokens) {
    if (!tokens.allowed().isEmpty()) {
      long[] bits = new long[(row.count() + 63) / 64];
      for (int id : tokens.allowed()) {
        bits[id >>> 6] |= 1L << id;
      }
      row.keepOnly(bits);
    }
    for (int id : tokens.suppressed()) {
      row.set(id, NEVER);
    }
    for (List<Integer> word : tokens.badWords()) {
      if (endsWithStartOf(word, sequence)) {
        row.set(word.getLast(), NEVER);
      }
    }
  }

  /// Whether the sequence ends with all tokens of the word except the last.
  private static boolean endsWithStartOf(List<Integer> word, SequenceView sequence) {
    int length = sequence.promptLength() + sequence.length();
    int start = length - (word.size() - 1);
    for (int i = word.size() - 2; i >= 0; i--) {
      if (start < 0 || tokenAt(sequence, start + i) != word.get(i)) {
        return false;
      }
    }
    return true;
  }

  private static int tokenAt(SequenceView sequence, int index) {
    int prompt = sequence.promptLength();
    return index < prompt ? sequence.promptToken(index) : sequence.token(index - prompt);
  }

  private void forbidEnds(LogitRow row, SamplingParams.Stop stop) {
    for (int id : endTokens) {
      row.set(id, NEVER);
    }
    for (int id : stop.tokens()) {
      row.set(id, NEVER);
    }
  }

  private void penalize(LogitRow row, SequenceView sequence, Penalties penalties) {
    if (penalties.repetition() != 1) {
      repetition(row, sequence, (float) penalties.repetition());
    }
    if (penalties.frequency() != 0 || penalties.presence() != 0) {
      occurrence(row, sequence, penalties);
    }
  }

  private void repetition(LogitRow row, SequenceView sequence, float penalty) {
    seen.clear();
    int length = sequence.promptLength() + sequence.length();
    for (int i = 0; i < length; i++) {
      int id = tokenAt(sequence, i);
      if (!seen.get(id)) {
        seen.set(id);
        float logit = row.get(id);
        row.set(id, logit > 0 ? logit / penalty : logit * penalty);
      }
    }
  }

  private void occurrence(LogitRow row, SequenceView sequence, Penalties penalties) {
    if (counts.length < row.count()) {
      counts = new int[row.count()];
    }
    for (int i = 0; i < sequence.length(); i++) {
      counts[sequence.token(i)]++;
    }
    for (int i = 0; i < sequence.length(); i++) {
      int id = sequence.token(i);
      if (counts[id] > 0) {
        double frequency = penalties.frequency() * counts[id];
        row.set(id, (float) (row.get(id) - frequency - penalties.presence()));
        counts[id] = 0;
      }
    }
  }
}
