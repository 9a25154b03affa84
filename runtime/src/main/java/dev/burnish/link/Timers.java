package dev.burnish.link;

import dev.burnish.concurrent.Alarm;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// The alarms of a link. Some of them wait for minutes, and are cancelled when the link is down, so
/// that no ended connection is kept.
final class Timers {
  private final Link link;
  private final Clock clock;
  private final Set<Timer> pending = ConcurrentHashMap.newKeySet();
  private volatile boolean ended;

  Timers(Link link, Clock clock) {
    this.link = link;
    this.clock = clock;
  }

  /// Runs a short action at a time, unless it is cancelled or the link is down by then.
  Alarm at(long nanos, Consumer<Link> action) {
    Timer timer = new Timer(action);
    pending.add(timer);
    timer.alarm = clock.at(nanos, timer);
    if (ended || timer.isOver) {
      timer.cancel();
    }
    return timer;
  }

  void end() {
    ended = true;
    pending.forEach(Timer::cancel);
  }

  private final class Timer implements Runnable, Alarm {
    private final Consumer<Link> action;
    private volatile Alarm alarm = Alarm.NONE;
    private volatile boolean isOver;

    Timer(Consumer<Link> action) {
      this.action = action;
    }

    @Override
    public void run() {
      pending.remove(this);
      if (!isOver && !ended) {
        action.accept(link);
      }
    }

    @Override
    public void cancel() {
      isOver = true;
      pending.remove(this);
      alarm.cancel();
    }
  }
}
