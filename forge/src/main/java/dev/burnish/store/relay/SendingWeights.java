package dev.burnish.store.relay;

import dev.burnish.service.Service;
import dev.burnish.store.Manifest;
import dev.burnish.store.Published;
import dev.burnish.store.VersionedWeights;
import dev.burnish.store.WeightStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The source of versions for other hosts, on the host of their publisher: sends bytes from the
/// memory that the publisher wrote. With [Transfer#CHANGES] the changes since the version before
/// are a set of their own, such as `policy since 3`. Thread-safe.
public final class SendingWeights implements ConcurrentWeights, AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final VersionedWeights store;
  private final Transfer transfer;
  private final Map<String, SentSet> sets = new ConcurrentHashMap<>();

  /// @param store of this host
  public SendingWeights(Service<WeightStore> store, Transfer transfer) {
    this(store.route(store.options().within(LIMIT)), transfer);
  }

  SendingWeights(VersionedWeights store, Transfer transfer) {
    this.store = store;
    this.transfer = transfer;
  }

  private SentSet set(String name) {
    return sets.computeIfAbsent(name, each -> new SentSet(each, store));
  }

  @Override
  public Published get(String set, long version) {
    Optional<Changes.Since> since = Changes.Since.parse(set);
    return since.isPresent()
        ? set(since.get().set()).changes(since.get(), version)
        : store.get(set, version);
  }

  @Override
  public Manifest manifest(String set, long version) {
    Optional<Changes.Since> since = Changes.Since.parse(set);
    if (since.isPresent()) {
      try (Published changes = set(since.get().set()).changes(since.get(), version)) {
        return changes.manifest();
      }
    }
    return switch (transfer) {
      case WHOLE -> store.manifest(set, version);
      case CHANGES -> set(set).manifest(version);
    };
  }

  @Override
  public long await(String set, long version) {
    return store.await(set, version);
  }

  @Override
  public List<Long> versions(String set) {
    return store.versions(set);
  }

  @Override
  public void close() {
    sets.values().forEach(SentSet::close);
  }
}
