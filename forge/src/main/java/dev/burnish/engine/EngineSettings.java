package dev.burnish.engine;

import dev.burnish.host.ResidentMemory;
import dev.burnish.kernel.WeightFormat;

/// Settings of the engine of a generator.
///
/// @param maxSequences samples that are computed at the same time
/// @param tokenBudget rows of a step: one per sample that decodes, the rest for prompts, a piece of
///   a long one at a time. More of them prefill faster, and hold up those that decode for longer
/// @param maxWaiting samples that may wait; beyond, requests are refused
/// @param longestWait seconds after which a waiting request comes before all others
/// @param cache memory for keys and values
/// @param drafting when next tokens are guessed
/// @param update what becomes of the requests that have begun when new weights come into use
/// @param weights how the matrices are kept; the table of embeddings, norms and adaptations stay as
///   they are. Other formats than F32 are read faster, and change logprobs: a generator of a loop,
///   whose logprobs must be those of its trainer, refuses them
public record EngineSettings(
    int maxSequences,
    int tokenBudget,
    int maxWaiting,
    double longestWait,
    CacheSize cache,
    WeightUpdate update,
    Drafting drafting,
    WeightFormat weights) {
  /// When next tokens are guessed, so that a step may draw several. The text is the same.
  public enum Drafting {
    /// Never.
    NONE,
    /// Where a guess is likely enough to save time.
    WHERE_IT_PAYS,
    /// Wherever there is a guess.
    ALWAYS
  }

  /// Memory for keys and values.
  public sealed interface CacheSize {
    /// A number of bytes.
    record Bytes(long bytes) implements CacheSize {
      public Bytes {
        if (bytes < 1 << 20) {
          throw new IllegalArgumentException(
              "a cache must have at least 1 MiB: cache.bytes=" + bytes);
        }
      }
    }

    /// A share of the memory that is free when the generator starts.
    record ShareOfFree(double share) implements CacheSize {
      public ShareOfFree {
        if (!(share > 0 && share < 1)) {
          throw new IllegalArgumentException(
              "a share of the free memory must lie between 0 and 1: cache.share=" + share);
        }
      }
    }
  }

  /// Tokens that are kept to guess from, in 50 MB.
  static final long DRAFT_TOKENS = 500_000;

  /// Where the free memory is not known.
  private static final long UNKNOWN_FREE = 8L << 30;

  public EngineSettings {
    if (maxSequences < 1 || maxWaiting < 1 || longestWait < 0) {
      throw new IllegalArgumentException(
          "an engine must have room for a sequence, and for one that waits: maxSequences=%d maxWaiting=%d longestWait=%s"
              .formatted(maxSequences, maxWaiting, longestWait));
    }
    if (tokenBudget < maxSequences) {
      throw new IllegalArgumentException(
          "a step must have a row for each sequence: tokenBudget=%d maxSequences=%d; raise the budget or lower the sequences"
              .formatted(tokenBudget, maxSequences));
    }
  }

  public static EngineSettings defaults() {
    return new EngineSettings(
        256,
        512,
        65_536,
        60,
        new CacheSize.ShareOfFree(0.25),
        WeightUpdate.KEEP,
        Drafting.WHERE_IT_PAYS,
        WeightFormat.F32);
  }

  public EngineSettings withMaxSequences(int value) {
    return new EngineSettings(
        value,
        Math.max(tokenBudget, value),
        maxWaiting,
        longestWait,
        cache,
        update,
        drafting,
        weights);
  }

  public EngineSettings withTokenBudget(int value) {
    return new EngineSettings(
        maxSequences, value, maxWaiting, longestWait, cache, update, drafting, weights);
  }

  public EngineSettings withMaxWaiting(int value) {
    return new EngineSettings(
        maxSequences, tokenBudget, value, longestWait, cache, update, drafting, weights);
  }

  public EngineSettings withLongestWait(double seconds) {
    return new EngineSettings(
        maxSequences, tokenBudget, maxWaiting, seconds, cache, update, drafting, weights);
  }

  public EngineSettings withCache(CacheSize value) {
    return new EngineSettings(
        maxSequences, tokenBudget, maxWaiting, longestWait, value, update, drafting, weights);
  }

  public EngineSettings withUpdate(WeightUpdate value) {
    return new EngineSettings(
        maxSequences, tokenBudget, maxWaiting, longestWait, cache, value, drafting, weights);
  }

  public EngineSettings withDrafting(Drafting value) {
    return new EngineSettings(
        maxSequences, tokenBudget, maxWaiting, longestWait, cache, update, value, weights);
  }

  public EngineSettings withWeights(WeightFormat value) {
    return new EngineSettings(
        maxSequences, tokenBudget, maxWaiting, longestWait, cache, update, drafting, value);
  }

  public EngineSettings withCacheBytes(long bytes) {
    return withCache(new CacheSize.Bytes(bytes));
  }

  /// Bytes of the cache, by what is free now.
  long cacheBytes() {
    return switch (cache) {
      case CacheSize.Bytes(long bytes) -> bytes;
      case CacheSize.ShareOfFree(double share) ->
          Math.max(1 << 20, (long) (share * ResidentMemory.available().orElse(UNKNOWN_FREE)));
    };
  }
}
