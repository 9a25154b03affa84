package dev.burnish.link;

import dev.burnish.concurrent.Alarm;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.ReplicaLost;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// The calls of one link that have not ended, each of which ends at its deadline at the latest.
/// Thread-safe.
final class OpenCalls {
  private final Link link;
  private final Timers timers;
  private final Clock clock;
  private final Map<Long, OpenCall> open = new ConcurrentHashMap<>();
  private final AtomicLong nextId = new AtomicLong();
  private volatile Optional<Long> nextSweep = Optional.empty();
  private Alarm alarm = Alarm.NONE;

  /// @param timers of the link, which release it when it is down
  OpenCalls(Link link, Timers timers, Clock clock) {
    this.link = link;
    this.timers = timers;
    this.clock = clock;
  }

  OpenCall open(String what, Deadline deadline, CallSession session) {
    OpenCall call = new OpenCall(link, nextId.incrementAndGet(), what, deadline, session);
    open.put(call.id(), call);
    sweepBy(deadline.nanos());
    return call;
  }

  int size() {
    return open.size();
  }

  /// Whether the call was open.
  boolean forget(long id) {
    return open.remove(id) != null;
  }

  /// The peer has answered. The result of a call that nobody waits for any more is not taken: the
  /// peer keeps the handles in it until it knows.
  void end(long id, OpenCall.Outcome outcome) {
    OpenCall call = open.remove(id);
    if (call != null) {
      call.end(outcome);
    } else if (outcome instanceof OpenCall.Outcome.Value(byte[] result) && result.length > 0) {
      link.sendCancel(id);
    }
  }

  /// The connection has ended.
  void lose(ReplicaLost cause) {
    open.values().forEach(call -> lose(call, cause));
  }

  void lose(OpenCall call, ReplicaLost cause) {
    fail(call, new ReplicaLost("%s failed: %s".formatted(call.what(), cause.getMessage()), cause));
  }

  private void fail(OpenCall call, CallFailure why) {
    if (forget(call.id())) {
      call.end(new OpenCall.Outcome.Failed(why));
    }
  }

  /// Schedules a check of deadlines by a time: with one alarm, for the earliest.
  private void sweepBy(long deadline) {
    if (isSweptBy(deadline)) {
      return;
    }
    synchronized (this) {
      if (!isSweptBy(deadline)) {
        nextSweep = Optional.of(deadline);
        alarm.cancel();
        alarm = timers.at(deadline, _ -> sweep());
      }
    }
  }

  private boolean isSweptBy(long deadline) {
    Optional<Long> planned = nextSweep;
    return planned.isPresent() && deadline - planned.get() >= 0;
  }

  /// Ends the calls whose deadlines have passed.
  private void sweep() {
    nextSweep = Optional.empty();
    long now = clock.nanos();
    Optional<Long> next = Optional.empty();
    for (OpenCall call : open.values()) {
      long left = call.deadline().nanos() - now;
      if (left > 0) {
        next = Optional.of(next.filter(other -> other < left).orElse(left));
      } else if (forget(call.id())) {
        call.withdraw();
        call.end(new OpenCall.Outcome.Failed(call.deadline().failure(call.what())));
      }
    }
    next.ifPresent(left -> sweepBy(now + left));
  }
}
