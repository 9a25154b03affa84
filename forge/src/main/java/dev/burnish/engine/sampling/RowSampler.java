package dev.burnish.engine.sampling;

import dev.burnish.kernel.LogitRow;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.SamplingParams.Logprobs;
import dev.burnish.rollout.TopLogprobs;
import dev.burnish.tensor.KeyedRandom;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;

/// Draws tokens from single rows, with the memory that this needs. One thread.
final class RowSampler {
  /// Beyond this a float of a logit would be infinite, and all probability is on the largest long
  /// before.
  private static final double MAX_SCALE = 1e24;

  private final int vocabulary;
  private final Rules rules;
  private final LogitRow.ExpSums sums;
  private final Candidates candidates;

  RowSampler(int[] endTokens, List<LogitsProcessor> processors, int vocabulary) {
    this.vocabulary = vocabulary;
    this.rules = new Rules(endTokens, processors);
    this.sums = new LogitRow.ExpSums(vocabulary);
    this.candidates = new Candidates();
  }

  int vocabulary() {
    return vocabulary;
  }

  Draw draw(LogitRow row, SequenceView sequence) {
    try {
      return drawn(row, sequence);
    } catch (RuntimeException e) {
      return new Draw.Refused(e);
    }
  }

  private Draw.Drawn drawn(LogitRow row, SequenceView sequence) {
    SamplingParams params = sequence.sampling();
    boolean ofModel = params.logprobs().distribution() == Logprobs.Distribution.MODEL;
    Optional<ModelLogprobs> model =
        ofModel
            ? Optional.of(ModelLogprobs.of(row, params.logprobs().top(), sums, candidates))
            : Optional.empty();
    rules.apply(row, sequence);
    float max = row.max();
    requireDistribution(max, sequence);
    boolean greedy = params.temperature() == 0;
    float scale = greedy ? 1 : (float) Math.min(1 / params.temperature(), MAX_SCALE);
    float shift = scale * max;
    candidates.begin(row, max);
    row.expSum(scale, shift, sums);
    if (!(sums.total() > 0)) { // NaN where a logit is
      throw new NonFiniteLogitsException(sequence.length());
    }
    double kept = sums.total();
    int token;
    if (greedy) {
      token = row.firstAtLeast(max);
    } else if (params.truncation().keepsAll()) {
      token = row.inverse(sums, uniform(sequence) * sums.total());
    } else {
      candidates.truncate(params.truncation(), scale, shift, sums.total());
      kept = candidates.mass();
      token = candidates.inverse(uniform(sequence) * kept);
    }
    double logSum = Math.log(sums.total());
    float logprob = logprob(row, token, scale, shift, logSum);
    Optional<TopLogprobs> top =
        model
            .map(before -> before.withDrawn(token))
            .or(() ->
                tempered(params.logprobs(), id -> logprob(row, id, scale, shift, logSum), logprob));
    return new Draw.Drawn(token, logprob, (float) (kept / sums.total()), top);
  }

  /// In the arithmetic of `Kernels.logprobs`, which a trainer uses.
  private static float logprob(LogitRow row, int id, float scale, float shift, double logSum) {
    float shifted = scale * row.get(id) - shift;
    return (float) (shifted - logSum);
  }

  private static double uniform(SequenceView sequence) {
    return (KeyedRandom.bits(sequence.key(), "token", sequence.length()) >>> 11) * 0x1.0p-53;
  }

  private void requireDistribution(float max, SequenceView sequence) {
    if (max == Float.NEGATIVE_INFINITY && rules.forbidAny(sequence)) {
      throw new IllegalStateException(
          "a token must be left to draw: position=%d; allow more tokens, or forbid fewer"
              .formatted(sequence.length()));
    }
    if (Float.isNaN(max) || Float.isInfinite(max)) {
      throw new NonFiniteLogitsException(sequence.length());
    }
  }

  private Optional<TopLogprobs> tempered(Logprobs asked, IntToDoubleFunction logprob, float drawn) {
    if (!asked.asked()) {
      return Optional.empty();
    }
    int[] ids = candidates.mostLikely(asked.top());
    float[] logprobs = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      logprobs[i] = (float) logprob.applyAsDouble(ids[i]);
    }
    return Optional.of(new TopLogprobs(ids, logprobs, drawn));
  }

  /// The model's own distribution at one position, taken before its logits are changed.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record ModelLogprobs(int[] ids, float[] logprobs, float[] logits, double logSum) {
    static ModelLogprobs of(LogitRow row, int top, LogitRow.ExpSums sums, Candidates candidates) {
      float max = row.max();
      row.expSum(1, max, sums);
      double logSum = max + Math.log(sums.total());
      candidates.begin(row, max);
      int[] ids = candidates.mostLikely(top);
      float[] logprobs = new float[ids.length];
      for (int i = 0; i < ids.length; i++) {
        logprobs[i] = (float) (row.get(ids[i]) - logSum);
      }
      float[] logits = new float[row.count()];
      row.copyTo(logits);
      return new ModelLogprobs(ids, logprobs, logits, logSum);
    }

    TopLogprobs withDrawn(int token) {
      return new TopLogprobs(ids, logprobs, (float) (logits[token] - logSum));
    }
  }
}
