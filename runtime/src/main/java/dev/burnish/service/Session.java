package dev.burnish.service;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.routing.Binding;
import dev.burnish.service.routing.BindingLost;
import dev.burnish.service.routing.ReplicaFailure;
import dev.burnish.service.routing.Request.Affinity;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Calls that all go to one replica of one service, that of the first call. Ends with its block.
///
/// When the replica is lost, so is its state of the session; that is never passed over. The call
/// that was under way fails with [ReplicaLost]; if none was, the next one does, without having run.
/// After that one failure the session continues at another replica. A session that was opened with
/// an action that restores its state runs that action on the other replica instead, before its next
/// call. Thread-safe.
public final class Session<T> implements AutoCloseable {
  private final ServiceClient client;
  private final Binding binding;
  private final CallOptions options;
  private final Class<T> type;
  private final Optional<Consumer<? super T>> restore;
  private final T actor;
  private final AtomicInteger numRebinds = new AtomicInteger();
  private final ReentrantLock restoring = new ReentrantLock();

  Session(
      ServiceClient client,
      Class<T> type,
      CallOptions options,
      Optional<Consumer<? super T>> restore) {
    this.client = client;
    this.type = type;
    this.options = options;
    this.restore = restore;
    this.binding = client.dispatcher().sessions().open();
    this.actor = RoutedStub.of(type, "session of " + client.name(), this::call);
  }

  /// The actor of this session.
  public T actor() {
    return actor;
  }

  /// The number of its replica, once a call has bound it.
  public Optional<Integer> replica() {
    return client.dispatcher().sessions().replica(binding);
  }

  /// How often it has lost its replica.
  public int rebinds() {
    return numRebinds.get();
  }

  private @Nullable Object call(Method method, Object @Nullable [] arguments) throws Throwable {
    while (true) {
      try {
        return client.call(method, arguments, options, new Affinity.Bound(binding));
      } catch (BindingLost e) {
        rebind(e.failure());
      } catch (ReplicaLost e) {
        noticed();
        throw e;
      }
    }
  }

  /// The failure of the call that was under way reports the loss, unless the state is restored.
  private void noticed() {
    if (restore.isEmpty() && client.dispatcher().sessions().isLost(binding)) {
      numRebinds.incrementAndGet();
      client.dispatcher().sessions().acknowledge(binding);
    }
  }

  private void rebind(ReplicaFailure failure) {
    restoring.lock();
    try {
      if (!client.dispatcher().sessions().isLost(binding)) {
        return;
      }
      if (restore.isEmpty()) {
        noticed();
        throw new ReplicaLost(
            "a session of service %s has lost its state; its next call goes to another replica, the failed one did not run: %s"
                .formatted(client.name(), failure));
      }
      restore(restore.get());
    } finally {
      restoring.unlock();
    }
  }

  private void restore(Consumer<? super T> restoration) {
    Binding fresh = client.dispatcher().sessions().open();
    try {
      restoration.accept(
          RoutedStub.of(
              type,
              "session of " + client.name(),
              (method, arguments) ->
                  client.call(method, arguments, options, new Affinity.Bound(fresh))));
      numRebinds.incrementAndGet();
      client.dispatcher().sessions().adopt(binding, fresh);
    } catch (BindingLost e) {
      throw new ReplicaLost(
          "the replica that a session's state was restored at is lost: " + e.failure(), e);
    } finally {
      client.dispatcher().sessions().close(fresh);
    }
  }

  /// Ends the session; later calls belong to no session.
  @Override
  public void close() {
    client.dispatcher().sessions().close(binding);
  }
}
