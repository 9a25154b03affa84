package dev.burnish.engine;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;

/// The activity of a generator in some time.
///
/// @param tokens sampled in requests that ended
/// @param seconds of computing tokens
/// @param idleSeconds without a call
/// @param weightSeconds of taking over weights
/// @param longestGapSeconds between two tokens of a sample: one step, and what of a takeover came
///   between
public record GeneratorActivity(
    long tokens,
    double seconds,
    double idleSeconds,
    double weightSeconds,
    double longestGapSeconds,
    Cache cache)
    implements Recordable {
  /// The use of the cache of keys and values.
  ///
  /// @param tokens that fit
  /// @param usedTokens that running samples hold now
  /// @param reusedTokens whose keys were found there instead of being computed
  /// @param preemptions samples that gave up their keys for others
  public record Cache(long tokens, long usedTokens, long reusedTokens, long preemptions) {
    private Cache with(Cache other) {
      return new Cache(
          tokens + other.tokens,
          usedTokens + other.usedTokens,
          reusedTokens + other.reusedTokens,
          preemptions + other.preemptions);
    }
  }

  /// The activity of two generators in the same time.
  public GeneratorActivity with(GeneratorActivity other) {
    return new GeneratorActivity(
        tokens + other.tokens,
        Math.max(seconds, other.seconds),
        Math.max(idleSeconds, other.idleSeconds),
        Math.max(weightSeconds, other.weightSeconds),
        Math.max(longestGapSeconds, other.longestGapSeconds),
        cache.with(other.cache));
  }

  public double tokensPerSecond() {
    return seconds == 0 ? 0 : tokens / seconds;
  }

  @Override
  public void recordTo(RunRecorder run) {
    run.time("generateTokensPerSecond", tokensPerSecond(), LAST);
    run.time("generateSeconds", seconds, LAST);
    run.time("generatorIdleSeconds", idleSeconds, LAST);
    run.time("generatorCacheTokens", cache.tokens, LAST);
    run.time("generatorReusedTokens", cache.reusedTokens, LAST);
    run.time("generatorPreemptions", cache.preemptions, LAST);
    run.time("generatorWeightSeconds", weightSeconds, LAST);
    run.time("generatorLongestGapSeconds", longestGapSeconds, LAST);
  }
}
