package dev.burnish.rollout;

import java.util.List;

/// How completions are sampled.
///
/// @param n completions for each prompt
/// @param maxTokens longest completion in tokens
/// @param temperature divides the logits; 0 takes the most likely token (the lowest id of equals)
/// @param topP samples among the most likely tokens that have this share of the probability
///   together, of what topK leaves; 1 for all
/// @param topK samples among that many most likely tokens; 0 for all
/// @param stop texts that end a completion
/// @param suppressed token ids that are never sampled
/// @param seed a completion depends on the seed, its prompt's index and its own, not on what else
///   runs
public record SamplingParams(
    int n,
    int maxTokens,
    double temperature,
    double topP,
    int topK,
    List<String> stop,
    List<Integer> suppressed,
    long seed) {
  public SamplingParams {
    stop = List.copyOf(stop);
    suppressed = List.copyOf(suppressed);
    require(n >= 1, "n is at least 1: n=" + n);
    require(maxTokens >= 1, "maxTokens is at least 1: maxTokens=" + maxTokens);
    require(
        temperature >= 0 && temperature <= 100,
        "temperature is between 0 and 100: temperature=" + temperature);
    require(topP > 0 && topP <= 1, "topP is above 0 and at most 1: topP=" + topP);
    require(topK >= 0, "topK is at least 0: topK=" + topK);
    require(
        stop.stream().noneMatch(String::isEmpty),
        "a stop text has at least one character: stop=" + stop);
  }

  /// One completion of at most 256 tokens, from the model's own distribution.
  public static SamplingParams defaults() {
    return new SamplingParams(1, 256, 1, 1, 0, List.of(), List.of(), 0);
  }

  public static SamplingParams greedy(int maxTokens) {
    return defaults().withTemperature(0).withMaxTokens(maxTokens);
  }

  public SamplingParams withN(int value) {
    return new SamplingParams(value, maxTokens, temperature, topP, topK, stop, suppressed, seed);
  }

  public SamplingParams withMaxTokens(int value) {
    return new SamplingParams(n, value, temperature, topP, topK, stop, suppressed, seed);
  }

  public SamplingParams withTemperature(double value) {
    return new SamplingParams(n, maxTokens, value, topP, topK, stop, suppressed, seed);
  }

  public SamplingParams withTopP(double value) {
    return new SamplingParams(n, maxTokens, temperature, value, topK, stop, suppressed, seed);
  }

  public SamplingParams withTopK(int value) {
    return new SamplingParams(n, maxTokens, temperature, topP, value, stop, suppressed, seed);
  }

  public SamplingParams withStop(List<String> value) {
    return new SamplingParams(n, maxTokens, temperature, topP, topK, value, suppressed, seed);
  }

  public SamplingParams withSeed(long value) {
    return new SamplingParams(n, maxTokens, temperature, topP, topK, stop, suppressed, value);
  }

  public SamplingParams withSuppressed(List<Integer> value) {
    return new SamplingParams(n, maxTokens, temperature, topP, topK, stop, value, seed);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
