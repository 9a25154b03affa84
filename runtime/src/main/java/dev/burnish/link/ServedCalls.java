package dev.burnish.link;

import dev.burnish.wire.WireException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The calls of the peer of one link that are not answered, by their numbers. Thread-safe.
final class ServedCalls {
  private final Map<Long, ServedCall> calls = new ConcurrentHashMap<>();

  /// @throws WireException if there is one of this number
  void add(long id, ServedCall call) {
    if (calls.putIfAbsent(id, call) != null) {
      throw new WireException("a call must have a number of its own: id=" + id);
    }
  }

  /// It is answered.
  void forget(long id) {
    calls.remove(id);
  }

  /// Cancels a call: the caller has stopped waiting.
  void cancel(long id) {
    Optional.ofNullable(calls.remove(id)).ifPresent(ServedCall::cancel);
  }

  /// Cancels all calls: the connection has ended.
  void cancelAll() {
    calls.values().forEach(ServedCall::cancel);
  }
}
