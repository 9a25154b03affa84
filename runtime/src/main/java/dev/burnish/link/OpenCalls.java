package dev.burnish.link;

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
  private final Link.Timers timers;
  private final Clock clock;
  private final Map<Long, OpenCall> open = new ConcurrentHashMap<>();
  private final AtomicLong nextId = new AtomicLong();
  private final AtomicLong nextSweep = new AtomicLong(Long.MAX_VALUE);

  /// @param timers which let go of the link when it is down
  OpenCalls(Link link, Link.Timers timers, Clock clock) {
    this.link = link;
    this.timers = timers;
    this.clock = clock;
  }

  OpenCall open(String what, Deadline deadline, CallSession session) {
    OpenCall call = new OpenCall(link, nextId.incrementAndGet(), what, deadline.nanos(), session);
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
  /// peer keeps what it holds until it knows.
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

  /// Sees to it that deadlines are looked at by a time.
  private void sweepBy(long deadline) {
    long planned = nextSweep.get();
    while (planned == Long.MAX_VALUE || deadline - planned < 0) {
      if (nextSweep.compareAndSet(planned, deadline)) {
        timers.at(deadline, Link::sweep);
        return;
      }
      planned = nextSweep.get();
    }
  }

  /// Ends the calls whose deadlines have passed.
  void sweep() {
    nextSweep.set(Long.MAX_VALUE);
    long now = clock.nanos();
    Optional<Long> next = Optional.empty();
    for (OpenCall call : open.values()) {
      long left = call.deadline() - now;
      if (left > 0) {
        next = Optional.of(next.filter(other -> other < left).orElse(left));
      } else if (forget(call.id())) {
        link.sendCancel(call.id());
        call.end(
            new OpenCall.Outcome.Failed(new Deadline(clock, call.deadline()).failure(call.what())));
      }
    }
    next.ifPresent(left -> sweepBy(now + left));
  }
}
