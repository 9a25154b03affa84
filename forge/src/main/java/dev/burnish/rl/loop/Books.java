package dev.burnish.rl.loop;

import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rl.ledger.GroupEnd;
import dev.burnish.rl.ledger.GroupEnd.Cancelled;
import dev.burnish.rl.ledger.GroupEnd.Failed;
import dev.burnish.rl.ledger.GroupEnd.Filtered;
import dev.burnish.rl.ledger.GroupEnd.Trained;
import dev.burnish.rl.ledger.Ledger;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rl.replay.BufferClient;
import dev.burnish.rl.replay.Snapshot;
import dev.burnish.rollout.ScoredGroup;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;

/// Which groups there are, and how they ended: the ledger, and the buffer and the journal where
/// they must agree with it.
///
/// Invariant, outside of its methods: a position that was begun is open in the ledger, or done in
/// the buffer's client and counted once. After [#close] nothing changes any more. Thread-safe.
final class Books {
  private final RolloutSettings settings;
  private final BufferClient buffer;
  private final EpisodeJournal journal;
  private final Ledger ledger = new Ledger();
  private final NavigableMap<Long, Tally> tallies = new TreeMap<>();
  private final Set<Long> added = new HashSet<>();
  private long version;
  private long next;
  private long numReturned;
  private Optional<Failed> lastFailure = Optional.empty();
  private boolean closed;

  Books(RolloutSettings settings, BufferClient buffer, EpisodeJournal journal) {
    this.settings = settings;
    this.buffer = buffer;
    this.journal = journal;
  }

  synchronized void startAt(long position) {
    next = position;
    version = position / settings.buffer().batch();
    numReturned = position;
    buffer.resume(Snapshot.from(settings.isQueue() ? position : 0));
  }

  /// Begins a group, or resumes one; returns the number of its attempt.
  ///
  /// @throws CancellationException after [#close]
  synchronized int begin(long position) {
    if (closed) {
      throw new CancellationException("rollouts are closed: position=" + position);
    }
    next = Math.max(next, position + 1);
    return ledger.isOpen(position) ? ledger.attempts(position) : ledger.dispatch(position);
  }

  synchronized void retry(long position) {
    if (!closed) {
      int ignored = ledger.dispatch(position);
      count(position, new Tally(0, 0, 1));
    }
  }

  /// Ends a group that is not trained on.
  synchronized void leaveOut(long position, GroupEnd end) {
    if (closed || !ledger.isOpen(position)) {
      return;
    }
    buffer.skip(position);
    finish(position, end);
    journal.forget(position);
    if (end instanceof Failed failed) {
      lastFailure = Optional.of(failed);
    }
  }

  private void finish(long position, GroupEnd end) {
    ledger.end(position, end);
    count(position, Tally.NONE.with(end));
    numReturned++;
  }

  private void count(long position, Tally tally) {
    long step = settings.isInOrder() ? position / settings.buffer().batch() : version;
    tallies.merge(step, tally, Tally::plus);
  }

  /// Notes that a group is in the buffer.
  synchronized void added(long position) {
    added.add(position);
    endDropped();
  }

  /// Ends groups that the buffer dropped before they were trained on.
  synchronized void endDropped() {
    if (settings.isQueue() || closed) {
      return;
    }
    for (long position : List.copyOf(added)) {
      if (!buffer.holds(position)) {
        added.remove(position);
        journal.forget(position);
        if (ledger.isOpen(position)) {
          finish(position, new Filtered("the buffer dropped it: too old, or for a newer one"));
        }
      }
    }
  }

  /// Ends the groups of a batch that was trained on; returns what its step did not train on.
  synchronized Tally trained(Batch<ScoredGroup> batch) {
    buffer.release(batch.version());
    for (long position : batch.positions()) {
      if (ledger.isOpen(position)) {
        ledger.end(position, new Trained(batch.version()));
        numReturned++;
      }
      if (!buffer.holds(position)) {
        added.remove(position);
        journal.forget(position);
      }
    }
    endDropped();
    Tally tally = tallies.getOrDefault(batch.version(), Tally.NONE);
    version = batch.version() + 1;
    tallies.headMap(version).clear();
    ledger.check();
    return tally;
  }

  /// @throws RolloutsFailedException if nothing is in a batch, and failures alone are the reason
  synchronized void requireSomeMade(Batch<ScoredGroup> batch) {
    Tally tally = tallies.getOrDefault(batch.version(), Tally.NONE);
    if (batch.isEmpty() && tally.filtered() == 0) {
      throw new RolloutsFailedException(
          "some group of a step must be made: step=%d failed=%d; the last failure: %s"
              .formatted(
                  batch.version() + 1,
                  tally.failed(),
                  lastFailure.map(Failed::why).orElse("none")));
    }
  }

  synchronized Ledger.Funnel funnel() {
    return ledger.funnel();
  }

  synchronized int attempts(long position) {
    return ledger.attempts(position);
  }

  /// Slots that were returned so far.
  synchronized long numReturned() {
    return numReturned;
  }

  synchronized LoopState state(long published) {
    return new LoopState(published, next, ledger.state(), buffer.snapshot(), tallies);
  }

  /// Restores a state; returns the positions to begin again.
  synchronized List<Long> resume(LoopState state) {
    ledger.resume(state.ledger());
    tallies.clear();
    tallies.putAll(state.tallies());
    version = state.version();
    next = state.next();
    Map<Long, Snapshot.Kept<Long>> kept = new HashMap<>();
    state.buffer().kept().stream()
        .filter(each -> journal.group(each.held().position()).isPresent())
        .forEach(each -> kept.put(each.held().position(), each));
    buffer.resume(state.buffer().withKept(List.copyOf(kept.values())));
    added.addAll(kept.keySet());
    List<Long> open = ledger.open();
    numReturned = next - open.size();
    journal.retain(
        position -> position >= next || kept.containsKey(position) || ledger.isOpen(position));
    return open.stream().filter(position -> !kept.containsKey(position)).toList();
  }

  /// Ends all groups that are open; nothing changes any more.
  synchronized void close() {
    if (!closed) {
      closed = true;
      ledger.open().forEach(position -> ledger.end(position, new Cancelled()));
      ledger.check();
    }
  }
}
