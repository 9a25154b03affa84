package dev.burnish.engine;

/// The load of a generator now, and its totals since the start.
public record EngineStats(Load load, Totals totals) {
  /// @param waiting samples that wait to be computed, also after a preemption
  /// @param running samples that are computed
  /// @param cacheTokens tokens whose keys and values fit the cache
  /// @param usedTokens of these, held by running samples
  /// @param reusableTokens of these, kept for requests to come that begin alike
  public record Load(
      int waiting, int running, long cacheTokens, long usedTokens, long reusableTokens) {}

  /// @param promptTokens tokens of prompts whose keys were computed
  /// @param reusedTokens tokens whose keys were found in the cache instead
  /// @param sampledTokens tokens that were sampled
  /// @param preemptions samples whose keys had to be given up, to be computed again
  /// @param aborted requests that ended before their samples did
  /// @param guessedTokens tokens that were guessed to save steps
  /// @param acceptedTokens of these, right ones
  public record Totals(
      long promptTokens,
      long reusedTokens,
      long sampledTokens,
      long preemptions,
      long aborted,
      long guessedTokens,
      long acceptedTokens) {}

  /// The same with more that wait.
  EngineStats withWaiting(int more) {
    Load all =
        new Load(
            load.waiting + more,
            load.running,
            load.cacheTokens,
            load.usedTokens,
            load.reusableTokens);
    return new EngineStats(all, totals);
  }
}
