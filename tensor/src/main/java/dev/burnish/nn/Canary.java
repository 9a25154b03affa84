package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.PackedLayout;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Some tokens, and how likely they are under one version of the weights: computed by who has the
/// weights, and again by who was given them, it shows that both compute the same model. Digests
/// show that bytes arrived; this shows that they were packed, found and read as meant.
///
/// Between processes with vectors of one width on the CPU the bits are equal: the publisher
/// multiplies by its own weights where they are, in the order of a generator. Elsewhere sums are
/// added in other orders, and a log-probability may differ by [#TOLERANCE] of itself.
///
/// @param tokens of one sequence; the last one is the most likely after the others, so that a
///   server that only generates can be asked for it
/// @param logprobs of all tokens except the first
/// @param lanes of the vectors that computed it; 0 on other devices than the CPU
public record Canary(List<Integer> tokens, List<Float> logprobs, int lanes) {
  /// Relative to the log-probability, or absolute where that is below 1. A generator and a trainer
  /// that add in other orders were 1.7e-5 apart at most.
  static final double TOLERANCE = 1e-4;

  /// Rows that are computed: those of one tile of a matrix product.
  private static final int ROWS = 8;

  public Canary {
    tokens = List.copyOf(tokens);
    logprobs = List.copyOf(logprobs);
    if (tokens.size() != logprobs.size() + 1 || logprobs.isEmpty()) {
      throw new IllegalArgumentException(
          "a canary must have a logprob for each token but the first: tokens=%d logprobs=%d"
              .formatted(tokens.size(), logprobs.size()));
    }
  }

  /// That of a decoder with a head of logits, under its weights as they are now: nothing is packed.
  public static Canary of(Decoder decoder) {
    int vocabulary = decoder.shape().vocabulary();
    int rows = Math.min(ROWS, decoder.shape().maxPositions());
    int[] tokens =
        IntStream.rangeClosed(0, rows).map(i -> (int) (i * 7919L % vocabulary)).toArray();
    try (TensorScope _ = TensorScope.open();
        ModelRunner runner = ModelRunner.overOwn(decoder)) {
      Tensor logits_TV = logits(tokens, decoder, runner);
      tokens[rows] = mostLikely(logits_TV.narrow(0, rows - 1, 1).toFloatArray());
      List<Float> logprobs = logprobs(tokens, decoder, logits_TV);
      return new Canary(IntStream.of(tokens).boxed().toList(), logprobs, lanes(decoder));
    }
  }

  private static int mostLikely(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  private static int lanes(Decoder decoder) {
    return switch (decoder.device()) {
      case Device.Cpu _ -> PackedLayout.ofThisMachine(WeightFormat.F32, List.of()).columns() / 2;
      case Device.Cuda _ -> 0;
    };
  }

  /// Logits of all tokens but the last, in the present scope.
  private static Tensor logits(int[] tokens, Decoder decoder, ModelRunner runner) {
    int rows = tokens.length - 1;
    int[] positions = IntStream.range(0, rows).toArray();
    AttentionPlan plan =
        new AttentionPlan(
            List.of(new AttentionPlan.Node(0, rows, new int[] {0}, new int[] {rows})),
            new int[] {0},
            AttentionPlan.NO_WINDOW);
    try (KeyValueCache cache = new KeyValueCache(decoder.shape().blocks(), rows, decoder.device());
        Tensor hidden_TH =
            runner.forward(Arrays.copyOf(tokens, rows), positions, plan, cache, positions)) {
      return runner.logits(hidden_TH, positions);
    }
  }

  private static List<Float> logprobs(int[] tokens, Decoder decoder, Tensor logits_TV) {
    int rows = tokens.length - 1;
    int[] next = Arrays.copyOfRange(tokens, 1, rows + 1);
    float[] logprobs = new float[rows];
    decoder.kernels().logprobs(logits_TV, next, 0, 1, logprobs, new float[rows]);
    List<Float> result = new ArrayList<>();
    for (float logprob : logprobs) {
      result.add(logprob);
    }
    return result;
  }

  /// Computes it with other weights.
  ///
  /// @param runner over a decoder of the same shape
  /// @return how it differs: the first token whose log-probability is another one
  /// @throws IllegalArgumentException if its tokens are not the model's
  public Optional<String> differsFrom(ModelRunner runner) {
    Decoder decoder = runner.decoder();
    int vocabulary = decoder.shape().vocabulary();
    if (logprobs.size() > decoder.shape().maxPositions()
        || tokens.stream().anyMatch(token -> token < 0 || token >= vocabulary)) {
      throw new IllegalArgumentException(
          "a canary must be of tokens of the model: tokens=%s vocabulary=%d maxPositions=%d"
              .formatted(tokens, vocabulary, decoder.shape().maxPositions()));
    }
    boolean exact = lanes > 0 && lanes == lanes(decoder);
    List<Float> here = computed(runner);
    return IntStream.range(0, here.size())
        .filter(i -> !isSame(here.get(i), logprobs.get(i), exact))
        .mapToObj(i ->
            "position=%d logprob=%s published=%s".formatted(i + 1, here.get(i), logprobs.get(i)))
        .findFirst();
  }

  private List<Float> computed(ModelRunner runner) {
    int[] all = tokens.stream().mapToInt(Integer::intValue).toArray();
    try (TensorScope _ = TensorScope.open()) {
      return logprobs(all, runner.decoder(), logits(all, runner.decoder(), runner));
    }
  }

  private static boolean isSame(float here, float there, boolean exact) {
    return Float.compare(here, there) == 0
        || (!exact && Math.abs(here - there) <= TOLERANCE * Math.max(1, Math.abs(there)));
  }
}
