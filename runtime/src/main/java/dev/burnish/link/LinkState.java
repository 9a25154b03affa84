package dev.burnish.link;

import dev.burnish.link.failure.ReplicaLost;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Whether a link is up, why it is not, and its listeners. Thread-safe.
final class LinkState {
  private static final System.Logger LOG = System.getLogger(LinkState.class.getName());

  private final Set<Consumer<ReplicaLost>> listeners = new LinkedHashSet<>();
  private Optional<ReplicaLost> down = Optional.empty();
  private volatile boolean up = true;

  boolean isUp() {
    return up;
  }

  /// Why it is down; only while it is.
  synchronized ReplicaLost cause() {
    return down.orElseThrow();
  }

  /// Tells a listener when the link goes down: at once if it is down.
  void onDown(Consumer<ReplicaLost> listener) {
    Optional<ReplicaLost> already;
    synchronized (this) {
      already = down;
      if (already.isEmpty()) {
        listeners.add(listener);
      }
    }
    already.ifPresent(listener);
  }

  /// Ends [#onDown].
  synchronized void forget(Consumer<ReplicaLost> listener) {
    listeners.remove(listener);
  }

  /// Marks the link as down, once.
  ///
  /// @param end run before the listeners are told
  void goDown(ReplicaLost cause, Runnable end) {
    List<Consumer<ReplicaLost>> told;
    synchronized (this) {
      if (down.isPresent()) {
        return;
      }
      down = Optional.of(cause);
      up = false;
      told = List.copyOf(listeners);
      listeners.clear();
    }
    end.run();
    told.forEach(listener -> tell(listener, cause));
  }

  /// A listener that throws does not keep the others from being told.
  private static void tell(Consumer<ReplicaLost> listener, ReplicaLost cause) {
    try {
      listener.accept(cause);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a listener failed when a connection ended", e);
    }
  }
}
