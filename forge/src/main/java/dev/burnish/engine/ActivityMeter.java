package dev.burnish.engine;

/// Adds up what the thread of a generator does. Thread-safe.
final class ActivityMeter {
  private static final double NANOS = 1e9;

  private long tokens;
  private long stepNanos;
  private long idleNanos;
  private long weightNanos;
  private long longestGap;
  private long lastToken;
  private boolean hasLast;
  private long reusedBefore;
  private long preemptionsBefore;

  synchronized void addTokens(long count) {
    tokens += count;
  }

  synchronized void addIdle(long nanos) {
    idleNanos += nanos;
  }

  /// Counts the time of a takeover, or of a part of one.
  void timeWeights(Runnable work) {
    long start = System.nanoTime();
    try {
      work.run();
    } finally {
      addWeights(System.nanoTime() - start);
    }
  }

  private synchronized void addWeights(long nanos) {
    weightNanos += nanos;
  }

  /// A step that began at that time and ends now.
  ///
  /// @param decodes whether a sample got a token that was not its first
  synchronized void addStep(long start, boolean decodes) {
    long now = System.nanoTime();
    stepNanos += now - start;
    if (decodes && hasLast) {
      longestGap = Math.max(longestGap, now - lastToken);
    }
    hasLast = decodes;
    lastToken = now;
  }

  /// Nothing is running.
  synchronized void pause() {
    hasLast = false;
  }

  /// The sums since the last call.
  ///
  /// @param stats of the engine now
  synchronized GeneratorActivity take(EngineStats stats) {
    EngineStats.Totals totals = stats.totals();
    GeneratorActivity.Cache cache =
        new GeneratorActivity.Cache(
            stats.load().cacheTokens(),
            stats.load().usedTokens(),
            totals.reusedTokens() - reusedBefore,
            totals.preemptions() - preemptionsBefore);
    reusedBefore = totals.reusedTokens();
    preemptionsBefore = totals.preemptions();
    GeneratorActivity result =
        new GeneratorActivity(
            tokens,
            stepNanos / NANOS,
            idleNanos / NANOS,
            weightNanos / NANOS,
            longestGap / NANOS,
            cache);
    tokens = 0;
    stepNanos = 0;
    idleNanos = 0;
    weightNanos = 0;
    longestGap = 0;
    return result;
  }
}
