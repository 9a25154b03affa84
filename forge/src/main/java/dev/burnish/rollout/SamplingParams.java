package dev.burnish.rollout;

import java.util.List;

/// Parameters of the sampling of completions.
///
/// @param n completions per prompt
/// @param maxTokens longest completion in tokens
/// @param temperature divides the logits; 0 takes the most likely token (the lowest id of equals)
/// @param truncation which tokens may be sampled
/// @param stop what ends a completion before an end token
/// @param seed a completion depends on the seed, its prompt's index and its own, not on whatever
///   else runs
public record SamplingParams(
    int n, int maxTokens, double temperature, Truncation truncation, Stop stop, long seed) {
  /// The tokens that may be sampled: those that are not suppressed, of these the `topK` most
  /// likely, of these the most likely ones that hold `topP` of the remaining probability.
  ///
  /// @param topP share of the probability; 1 for all
  /// @param topK number of tokens; 0 for all
  /// @param suppressed token ids that are never sampled
  public record Truncation(double topP, int topK, List<Integer> suppressed) {
    /// All tokens.
    public static final Truncation NONE = new Truncation(1, 0, List.of());

    public Truncation {
      suppressed = List.copyOf(suppressed);
      require(topP > 0 && topP <= 1, "topP must be above 0 and at most 1: topP=" + topP);
      require(topK >= 0, "topK must be at least 0: topK=" + topK);
    }
  }

  /// The texts that end a completion before an end token.
  ///
  /// @param texts the completion's text is cut before the first of them
  public record Stop(List<String> texts) {
    /// Nothing.
    public static final Stop NONE = new Stop(List.of());

    public Stop {
      texts = List.copyOf(texts);
      require(
          texts.stream().noneMatch(String::isEmpty),
          "a stop text must have at least one character: stop=" + texts);
    }
  }

  public SamplingParams {
    require(n >= 1, "n must be at least 1: n=" + n);
    require(maxTokens >= 1, "maxTokens must be at least 1: maxTokens=" + maxTokens);
    require(
        temperature >= 0 && temperature <= 100,
        "temperature must be between 0 and 100: temperature=" + temperature);
  }

  /// One completion of at most 256 tokens, from the model's own distribution.
  public static SamplingParams defaults() {
    return new SamplingParams(1, 256, 1, Truncation.NONE, Stop.NONE, 0);
  }

  public static SamplingParams greedy(int maxTokens) {
    return defaults().withTemperature(0).withMaxTokens(maxTokens);
  }

  public SamplingParams withN(int value) {
    return new SamplingParams(value, maxTokens, temperature, truncation, stop, seed);
  }

  public SamplingParams withMaxTokens(int value) {
    return new SamplingParams(n, value, temperature, truncation, stop, seed);
  }

  public SamplingParams withTemperature(double value) {
    return new SamplingParams(n, maxTokens, value, truncation, stop, seed);
  }

  public SamplingParams withTopP(double value) {
    return withTruncation(new Truncation(value, truncation.topK, truncation.suppressed));
  }

  public SamplingParams withTopK(int value) {
    return withTruncation(new Truncation(truncation.topP, value, truncation.suppressed));
  }

  public SamplingParams withSuppressed(List<Integer> value) {
    return withTruncation(new Truncation(truncation.topP, truncation.topK, value));
  }

  public SamplingParams withTruncation(Truncation value) {
    return new SamplingParams(n, maxTokens, temperature, value, stop, seed);
  }

  public SamplingParams withStop(List<String> texts) {
    return new SamplingParams(n, maxTokens, temperature, truncation, new Stop(texts), seed);
  }

  public SamplingParams withSeed(long value) {
    return new SamplingParams(n, maxTokens, temperature, truncation, stop, value);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
