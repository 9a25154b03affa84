package dev.burnish.link;

import java.util.Optional;
import java.util.function.Consumer;

/// What a link has the clock do. The clock keeps an action until its time, minutes for some; so an
/// action holds this, and this lets go of the link, with its buffers, when the link is down.
final class LinkTimers {
  private final Clock clock;
  private volatile Optional<Link> link;

  LinkTimers(Link link, Clock clock) {
    this.link = Optional.of(link);
    this.clock = clock;
  }

  /// @param action that holds nothing of the link
  void at(long nanos, Consumer<Link> action) {
    clock.at(nanos, () -> link.ifPresent(action));
  }

  void end() {
    link = Optional.empty();
  }
}
