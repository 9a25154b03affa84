package dev.burnish.engine;

import dev.burnish.kernel.Kernels;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Draws one token from each row of logits. A draw is a function of a key and a position, so it
/// does not depend on the other rows of the batch.
final class Sampler {
  /// A drawn token and its log-probability under softmax(logits / temperature).
  record Draw(int token, float logprob) {}

  /// Beyond this a float of a logit would be infinite, and all probability is on the largest long
  /// before.
  private static final double MAX_SCALE = 1e24;

  private final Kernels kernels;
  private final double temperature;
  private final SamplingParams.Truncation truncation;

  Sampler(Device device, SamplingParams params) {
    this.kernels = Kernels.of(device);
    this.temperature = params.temperature();
    this.truncation = params.truncation();
  }

  /// @param logits_BV overwritten
  /// @throws NonFiniteLogitsException if they have no distribution, being NaN or infinite
  /// @param keys of the sequences of the rows
  /// @param positions of the tokens to draw, in their completions
  Draw[] draw(Tensor logits_BV, long[] keys, int[] positions) {
    boolean greedy = temperature == 0;
    for (int id : truncation.suppressed()) {
      try (Tensor column = logits_BV.narrow(1, id, 1)) {
        column.fill_(Double.NEGATIVE_INFINITY);
      }
    }
    kernels.softmax(logits_BV, greedy ? 1 : Math.min(1 / temperature, MAX_SCALE));
    int vocabulary = Math.toIntExact(logits_BV.size(1));
    Draw[] draws = new Draw[keys.length];
    try (TensorScope _ = TensorScope.open()) {
      MemorySegment all = logits_BV.to(Device.CPU).contiguous().segment();
      for (int row = 0; row < draws.length; row++) {
        MemorySegment p = all.asSlice(4L * row * vocabulary, 4L * vocabulary);
        if (Float.isNaN(at(p, 0))) { // the sum is NaN then, and so is each share
          throw new NonFiniteLogitsException(positions[row]);
        }
        double uniform = (KeyedRandom.bits(keys[row], "token", positions[row]) >>> 11) * 0x1.0p-53;
        int token = greedy ? argmax(p, vocabulary) : draw(p, vocabulary, uniform);
        draws[row] = new Draw(token, (float) Math.log(at(p, token)));
      }
    }
    return draws;
  }

  private static float at(MemorySegment p, int i) {
    return p.getAtIndex(ValueLayout.JAVA_FLOAT, i);
  }

  private static int argmax(MemorySegment p, int vocabulary) {
    int best = 0;
    float most = at(p, 0);
    for (int i = 1; i < vocabulary; i++) {
      if (at(p, i) > most) {
        most = at(p, i);
        best = i;
      }
    }
    return best;
  }

  private int draw(MemorySegment p, int vocabulary, double uniform) {
    if (truncation.topK() == 0 && truncation.topP() == 1) {
      return inverse(p, null, vocabulary, uniform);
    }
    int[] candidates = mostLikely(p, vocabulary);
    int most =
        truncation.topK() == 0 ? candidates.length : Math.min(truncation.topK(), candidates.length);
    // Top-p is a share of the probability that top-k leaves, as in transformers, vLLM and
    // llama.cpp.
    double share =
        truncation.topK() == 0 ? truncation.topP() : truncation.topP() * mass(p, candidates, most);
    double mass = 0;
    int kept = 0;
    while (kept < most && (kept == 0 || truncation.topP() == 1 || mass < share)) {
      mass += at(p, candidates[kept++]);
    }
    return inverse(p, candidates, kept, uniform * mass);
  }

  private static double mass(MemorySegment p, int[] ids, int count) {
    double mass = 0;
    for (int i = 0; i < count; i++) {
      mass += at(p, ids[i]);
    }
    return mass;
  }

  /// The first of `count` ids (all ids, or the candidates in order) at which the cumulated
  /// probability exceeds `threshold`.
  private static int inverse(
      MemorySegment p, int @org.jspecify.annotations.Nullable [] ids, int count, double threshold) {
    double cumulated = 0;
    int last = 0;
    for (int i = 0; i < count; i++) {
      int id = ids == null ? i : ids[i];
      float probability = at(p, id);
      cumulated += probability;
      if (probability > 0) {
        last = id;
        if (cumulated > threshold) {
          return id;
        }
      }
    }
    return last; // rounding left the sum below the threshold
  }

  /// Ids by falling probability, ties by id: all that top-k and top-p can reach.
  private int[] mostLikely(MemorySegment p, int vocabulary) {
    float bound = at(p, argmax(p, vocabulary));
    while (true) {
      bound = bound < Float.MIN_NORMAL ? 0 : bound / 256;
      int count = 0;
      double mass = 0;
      for (int i = 0; i < vocabulary; i++) {
        if (at(p, i) >= bound) {
          count++;
          mass += at(p, i);
        }
      }
      boolean enough =
          truncation.topK() > 0
              ? count >= Math.min(truncation.topK(), vocabulary)
              : mass >= truncation.topP();
      if (enough || bound == 0) {
        return sorted(p, vocabulary, bound, count);
      }
    }
  }

  private static int[] sorted(MemorySegment p, int vocabulary, float bound, int count) {
    // Floats from 0 to 1 order like their bits, so probability and id fit one sortable long.
    long[] order = new long[count];
    int next = 0;
    for (int i = 0; i < vocabulary; i++) {
      float probability = at(p, i);
      if (probability >= bound) {
        order[next++] = ((long) ~Float.floatToRawIntBits(probability) << 32) | i;
      }
    }
    Arrays.sort(order);
    return Arrays.stream(order).mapToInt(key -> (int) key).toArray();
  }
}
