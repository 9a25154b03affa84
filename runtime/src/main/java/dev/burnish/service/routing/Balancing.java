package dev.burnish.service.routing;

import java.util.function.Supplier;

/// The available routers. Each process that routes has one of its own.
public enum Balancing implements Supplier<Router> {
  /// The replica with the fewest calls in flight and queued; ties take turns.
  LEAST_LOADED {
    @Override
    public Router get() {
      return new LeastLoaded();
    }
  },
  /// Each replica in turn.
  ROUND_ROBIN {
    @Override
    public Router get() {
      return new RoundRobin();
    }
  },
  /// Calls of one key to one replica, others to the least loaded.
  CONSISTENT_HASH {
    @Override
    public Router get() {
      return new ConsistentHash();
    }
  },
  /// Calls of one key to the replica that took its first, which was the least loaded then; others
  /// to the least loaded.
  STICKY_KEYS {
    @Override
    public Router get() {
      return new StickyKeys();
    }
  }
}
