package dev.burnish.algorithm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Random ragged batches with interior masked tokens, empty and wholly masked sequences.
final class Batches {
  private Batches() {}

  static TokenBatch random(long seed) {
    var random = new Random(seed);
    int sequences = 2 + random.nextInt(7);
    int[] lengths = random.ints(sequences, 0, 8).toArray();
    lengths[0] = 2 + random.nextInt(6);
    int[] group = new int[sequences];
    Arrays.setAll(group, i -> 10 + i / 2);
    var layout = TokenLayout.of(lengths, group);
    for (int t = 1; t < layout.numTokens(); t++) {
      layout.mask()[t] = random.nextInt(5) > 0;
    }
    int tokens = layout.numTokens();
    double[] logprobs = random.doubles(tokens, -3, -0.05).toArray();
    return new TokenBatch(
        layout,
        logprobs,
        near(logprobs, 0.4, random),
        near(logprobs, 0.4, random),
        near(logprobs, 0.4, random),
        layout.broadcast(random.doubles(sequences, -2, 2).toArray()));
  }

  /// The batch cut between sequences at random places.
  static List<TokenBatch> split(TokenBatch batch, Random random) {
    List<TokenBatch> parts = new ArrayList<>();
    int from = 0;
    for (int to = 1; to <= batch.layout().numSequences(); to++) {
      if (to == batch.layout().numSequences() || random.nextBoolean()) {
        parts.add(rows(batch, from, to));
        from = to;
      }
    }
    return parts;
  }

  private static TokenBatch rows(TokenBatch batch, int from, int to) {
    TokenLayout whole = batch.layout();
    int first = whole.starts()[from];
    int last = whole.starts()[to];
    int[] starts = Arrays.copyOfRange(whole.starts(), from, to + 1);
    for (int i = 0; i < starts.length; i++) {
      starts[i] -= first;
    }
    var layout =
        new TokenLayout(
            starts,
            Arrays.copyOfRange(whole.group(), from, to),
            Arrays.copyOfRange(whole.mask(), first, last));
    return new TokenBatch(
        layout,
        Arrays.copyOfRange(batch.logprobs(), first, last),
        Arrays.copyOfRange(batch.oldLogprobs(), first, last),
        Arrays.copyOfRange(batch.rolloutLogprobs(), first, last),
        Arrays.copyOfRange(batch.refLogprobs(), first, last),
        Arrays.copyOfRange(batch.advantages(), first, last));
  }

  private static double[] near(double[] values, double spread, Random random) {
    return Arrays.stream(values).map(v -> v + spread * random.nextGaussian()).toArray();
  }
}
