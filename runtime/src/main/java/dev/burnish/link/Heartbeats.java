package dev.burnish.link;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.wire.Frame;
import java.time.Duration;

/// Keeps a link alive: sends a heartbeat where nothing else was sent, and ends the link where the
/// peer has been silent for too long. Thread-safe.
final class Heartbeats {
  /// Times per heartbeat at which links beat.
  private static final int TICKS = 8;

  private final Link link;
  private final Timers timers;
  private final LinkSettings settings;
  private final FailureDetector failureDetector;
  private volatile long lastReceived;
  private volatile long lastSent;
  private volatile boolean hasGreeted;

  Heartbeats(Link link, Timers timers, LinkSettings settings) {
    this.link = link;
    this.timers = timers;
    this.settings = settings;
    lastReceived = link.clock().nanos();
    lastSent = lastReceived;
    failureDetector = new FailureDetector(settings.heartbeat().toNanos(), lastReceived);
  }

  void start() {
    next(link.clock().nanos());
  }

  /// Heartbeats may be sent from now on: the peer expects before that to be told who this is.
  void greeted() {
    hasGreeted = true;
  }

  void received(long now) {
    lastReceived = now;
  }

  /// When the last frame arrived.
  long lastReceived() {
    return lastReceived;
  }

  void sent(long now) {
    lastSent = now;
  }

  /// At a time that the links of a process have in common: thousands of them wake it some times per
  /// second, and not each by itself.
  private void next(long now) {
    long every = settings.heartbeat().toNanos();
    long tick = Math.max(1, every / TICKS);
    timers.at(Math.ceilDiv(now + every, tick) * tick, _ -> beat());
  }

  private void beat() {
    if (!link.isUp()) {
      return;
    }
    long now = link.clock().nanos();
    if (failureDetector.at(now, lastReceived) > settings.heartbeatTimeout().toNanos()) {
      link.lose(
          new ReplicaLost(
              "no heartbeat from %s for %s: link.heartbeatTimeout=%s"
                  .formatted(
                      link.peerName(),
                      Duration.ofNanos(now - lastReceived),
                      settings.heartbeatTimeout())));
      return;
    }
    if (hasGreeted && now - lastSent >= settings.heartbeat().toNanos() / 2) {
      link.send(new Frame.Heartbeat());
    }
    next(now);
  }
}
