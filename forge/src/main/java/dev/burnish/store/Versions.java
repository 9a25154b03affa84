package dev.burnish.store;

import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// The retained versions of one set of weights, and the handles on them. Not thread-safe.
final class Versions implements AutoCloseable {
  private final NavigableMap<Long, Published> byVersion = new TreeMap<>();
  private long oldest;

  /// Whether a version is still to be added.
  ///
  /// @throws WeightsException if it is there with other values, or is older than what is retained
  boolean lacks(Manifest manifest) {
    Published known = byVersion.get(manifest.version());
    if (known != null) {
      known.requireSame(manifest);
      return false;
    }
    if (manifest.version() < oldest) {
      throw new WeightsException(
          "a version must not be older than those that are retained: set=%s version=%d oldest=%d versions=%s"
              .formatted(manifest.set(), manifest.version(), oldest, all()));
    }
    return true;
  }

  /// Adds a version that is lacking, and owns its handles from now on.
  void add(Published version) {
    byVersion.put(version.version(), version);
  }

  Optional<Published> find(long version) {
    return Optional.ofNullable(byVersion.get(version));
  }

  List<Long> all() {
    return List.copyOf(byVersion.keySet());
  }

  List<Published> published() {
    return List.copyOf(byVersion.values());
  }

  /// Whether there is a version, or a later one.
  boolean hasReached(long version) {
    return !byVersion.isEmpty() && byVersion.lastKey() >= version;
  }

  /// The latest version.
  long latest() {
    return byVersion.lastKey();
  }

  long oldest() {
    return oldest;
  }

  /// Drops those that are older; the latest stays.
  void retain(long from) {
    oldest = Math.max(oldest, from);
    while (byVersion.size() > 1 && byVersion.firstKey() < oldest) {
      byVersion.pollFirstEntry().getValue().close();
    }
  }

  @Override
  public void close() {
    byVersion.values().forEach(Published::close);
    byVersion.clear();
  }
}
