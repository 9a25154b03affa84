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
  private final Clock clock;
  private final Map<Long, OpenCall> open = new ConcurrentHashMap<>();
  private final AtomicLong nextId = new AtomicLong();
  private final AtomicLong nextSweep = new AtomicLong(Long.MAX_VALUE);

  OpenCalls(Link link, Clock clock) {
    this.link = link;
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

  /// The peer has answered.
  void end(long id, OpenCall.Outcome outcome) {
    Optional.ofNullable(open.remove(id)).ifPresent(call -> call.end(outcome));
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
        clock.at(deadline, this::sweep);
        return;
      }
      planned = nextSweep.get();
    }
  }

  private void sweep() {
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
