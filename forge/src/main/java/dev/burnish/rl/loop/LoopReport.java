package dev.burnish.rl.loop;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.rl.ledger.GroupEnd.Kind;
import dev.burnish.rl.ledger.Ledger.Funnel;
import dev.burnish.rl.loop.RolloutSettings.Mode;

/// The loop in one step: what was trained on, how old it was, what did not come to that, and what
/// waited for what.
///
/// @param mode at a fixed lag all but the waits and retries is a function of the seed, and recorded
///   as such
/// @param content of the batch
/// @param tally of the groups that are missing in it
/// @param waited since the step before
/// @param funnel of the run so far
public record LoopReport(Mode mode, Content content, Tally tally, Waited waited, Funnel funnel)
    implements Recordable {
  /// The content of a batch.
  ///
  /// @param stalenessMean over sampled tokens: versions between the weights that sampled and those
  ///   that are trained
  /// @param stalenessMax of any sampled token
  public record Content(int groups, int episodes, double stalenessMean, long stalenessMax) {}

  /// Seconds of waiting.
  ///
  /// @param forSlot rollouts, since all slots were taken: training is behind
  /// @param forRoom finished groups, since the buffer was full; the sum over all of them
  /// @param forBatch training, since the buffer was empty: rollouts are behind
  public record Waited(double forSlot, double forRoom, double forBatch) {}

  @Override
  public void recordTo(RunRecorder run) {
    record(run, "groups", content.groups());
    record(run, "episodes", content.episodes());
    record(run, "stalenessMean", content.stalenessMean());
    record(run, "stalenessMax", content.stalenessMax());
    record(run, "groupsFiltered", tally.filtered());
    record(run, "groupsFailed", tally.failed());
    run.time("groupsRetried", tally.retries(), LAST);
    run.time("groupsInFlight", funnel.open(), LAST);
    run.time("slotWaitSeconds", waited.forSlot(), LAST);
    run.time("roomWaitSeconds", waited.forRoom(), LAST);
    run.time("batchWaitSeconds", waited.forBatch(), LAST);
    run.summarize("groupsTrained", funnel.ended(Kind.TRAINED));
    run.summarize("groupsFiltered", funnel.ended(Kind.FILTERED));
    run.summarize("groupsFailed", failed(funnel));
  }

  private static long failed(Funnel funnel) {
    return funnel.ended(Kind.GENERATOR_FAILED)
        + funnel.ended(Kind.ENVIRONMENT_FAILED)
        + funnel.ended(Kind.REWARD_FAILED)
        + funnel.ended(Kind.TIMED_OUT);
  }

  /// The numbers of a run as a whole, for its summary: how many groups there were, and how each
  /// kind of them ended.
  public static Recordable summary(Funnel funnel) {
    return run -> {
      run.summarize("groupsDispatched", funnel.dispatched());
      run.summarize("groupsRetried", funnel.retries());
      run.summarize("groupsTrained", funnel.ended(Kind.TRAINED));
      run.summarize("groupsFiltered", funnel.ended(Kind.FILTERED));
      run.summarize("groupsFailed", failed(funnel));
      run.summarize("groupsFailedInGenerator", funnel.ended(Kind.GENERATOR_FAILED));
      run.summarize("groupsFailedInEnvironment", funnel.ended(Kind.ENVIRONMENT_FAILED));
      run.summarize("groupsFailedInReward", funnel.ended(Kind.REWARD_FAILED));
      run.summarize("groupsTimedOut", funnel.ended(Kind.TIMED_OUT));
      run.summarize("groupsCancelled", funnel.ended(Kind.CANCELLED));
      run.summarize("groupsOpen", funnel.open());
    };
  }

  /// The ends of all groups of a run, for people.
  public static String line(Funnel funnel) {
    StringBuilder line = new StringBuilder("groups: %d begun".formatted(funnel.dispatched()));
    add(line, "trained", funnel.ended(Kind.TRAINED));
    add(line, "filtered", funnel.ended(Kind.FILTERED));
    add(line, "failed in the generator", funnel.ended(Kind.GENERATOR_FAILED));
    add(line, "failed in the environment", funnel.ended(Kind.ENVIRONMENT_FAILED));
    add(line, "failed in the reward", funnel.ended(Kind.REWARD_FAILED));
    add(line, "timed out", funnel.ended(Kind.TIMED_OUT));
    add(line, "cancelled", funnel.ended(Kind.CANCELLED));
    add(line, "open", funnel.open());
    add(line, "tried again", funnel.retries());
    return line.toString();
  }

  private static void add(StringBuilder line, String end, long count) {
    if (count > 0) {
      line.append(", %d %s".formatted(count, end));
    }
  }

  private void record(RunRecorder run, String key, double value) {
    switch (mode) {
      case FIXED_LAG -> run.record(key, value, LAST);
      case CONTINUOUS -> run.time(key, value, LAST);
    }
  }
}
