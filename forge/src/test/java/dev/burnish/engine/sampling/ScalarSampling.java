package dev.burnish.engine.sampling;

import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// The specification of a draw: everything in double precision, over sorted lists.
final class ScalarSampling {
  private ScalarSampling() {}

  /// Logits after rules, biases and penalties, in the order of vLLM's sampler.
  static double[] processed(float[] logits, FakeSequence sequence, int[] endTokens) {
    SamplingParams params = sequence.sampling();
    double[] z = new double[logits.length];
    List<Integer> all = new ArrayList<>();
    IntStream.of(sequence.prompt()).forEach(all::add);
    IntStream.of(sequence.tokens()).forEach(all::add);
    for (int id = 0; id < z.length; id++) {
      z[id] = isForbidden(id, all, sequence, endTokens) ? Double.NEGATIVE_INFINITY : logits[id];
      z[id] += params.tokens().bias().getOrDefault(id, 0.0);
    }
    for (int id : new HashSet<>(all)) {
      double repetition = params.penalties().repetition();
      z[id] = z[id] > 0 ? z[id] / repetition : z[id] * repetition;
    }
    Map<Integer, Integer> counts = new HashMap<>();
    IntStream.of(sequence.tokens()).forEach(id -> counts.merge(id, 1, Integer::sum));
    counts.forEach((id, count) ->
        z[id] -= params.penalties().frequency() * count + params.penalties().presence());
    return z;
  }

  private static boolean isForbidden(
      int id, List<Integer> all, FakeSequence sequence, int[] endTokens) {
    SamplingParams params = sequence.sampling();
    List<Integer> next = new ArrayList<>(all);
    next.add(id);
    boolean endsBadWord =
        params.tokens().badWords().stream()
            .anyMatch(word ->
                next.size() >= word.size()
                    && next.subList(next.size() - word.size(), next.size()).equals(word));
    boolean ends =
        IntStream.of(endTokens).anyMatch(end -> end == id) || params.stop().tokens().contains(id);
    return endsBadWord
        || (ends && sequence.length() < params.stop().minTokens())
        || params.tokens().suppressed().contains(id)
        || (!params.tokens().allowed().isEmpty() && !params.tokens().allowed().contains(id));
  }

  /// softmax(z / temperature).
  static double[] softmax(double[] z, double temperature) {
    double max = IntStream.range(0, z.length).mapToDouble(i -> z[i]).max().orElseThrow();
    double[] p = new double[z.length];
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp((z[i] - max) / temperature);
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  /// The tokens that a truncation keeps, as transformers' warpers cut one after the other.
  static Set<Integer> kept(double[] p, SamplingParams.Truncation truncation) {
    List<Integer> left =
        new ArrayList<>(IntStream.range(0, p.length).filter(i -> p[i] > 0).boxed().toList());
    left.sort(Comparator.comparingDouble((Integer i) -> -p[i]).thenComparing(i -> i));
    if (truncation.topK() > 0) {
      left = left.subList(0, Math.min(truncation.topK(), left.size()));
    }
    if (truncation.topP() < 1) {
      left = prefix(left, p, truncation.topP());
    }
    double least = truncation.minP() * p[left.getFirst()];
    left = new ArrayList<>(left.stream().filter(i -> p[i] >= least).toList());
    return new HashSet<>(
        truncation.typicalP() < 1 ? typical(left, p, truncation.typicalP()) : left);
  }

  private static List<Integer> prefix(List<Integer> sorted, double[] p, double share) {
    double limit = share * sorted.stream().mapToDouble(i -> p[i]).sum();
    double sum = 0;
    for (int i = 0; i < sorted.size(); i++) {
      sum += p[sorted.get(i)];
      if (sum >= limit) {
        return sorted.subList(0, i + 1);
      }
    }
    return sorted;
  }

  private static List<Integer> typical(List<Integer> left, double[] p, double share) {
    double mass = left.stream().mapToDouble(i -> p[i]).sum();
    double entropy = left.stream().mapToDouble(i -> -p[i] / mass * Math.log(p[i] / mass)).sum();
    Comparator<Integer> byDistance =
        Comparator.comparingDouble(i -> Math.abs(-Math.log(p[i] / mass) - entropy));
    left.sort(byDistance.thenComparing(i -> i));
    return prefix(left, p, share);
  }
}
