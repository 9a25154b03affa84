package dev.burnish.store.relay;

import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Idempotent;
import dev.burnish.store.Manifest;
import dev.burnish.store.Published;
import dev.burnish.store.VersionedWeights;
import java.util.List;

/// Versions of weights as an actor whose calls do not wait for each other.
public interface ConcurrentWeights extends VersionedWeights {
  @Override
  @Concurrent
  @Idempotent
  Published get(String set, long version);

  @Override
  @Concurrent
  @Idempotent
  Manifest manifest(String set, long version);

  @Override
  @Concurrent
  @Idempotent
  long await(String set, long version);

  @Override
  @Concurrent
  @Idempotent
  List<Long> versions(String set);
}
