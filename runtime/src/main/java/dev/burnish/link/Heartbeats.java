package dev.burnish.link;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.wire.Frame;
import java.time.Duration;

/// Keeps a link alive: sends a heartbeat where nothing else was sent, and ends the link where the
/// peer has been silent for too long. Thread-safe.
final class Heartbeats {
  private final Link link;
  private final Timers timers;
  private final LinkSettings settings;
  private final FailureDetector failureDetector;
  private volatile long lastReceived;
  private volatile long lastSent;

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

  private void next(long now) {
    timers.at(now + settings.heartbeat().toNanos(), _ -> beat());
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
    if (now - lastSent >= settings.heartbeat().toNanos() / 2) {
      link.send(new Frame.Heartbeat());
    }
    next(now);
  }
}
