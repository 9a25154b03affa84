package dev.burnish.store.tensors;

/// Where the bytes of puts lie: brings what a rank has packed there, and tells the catalogue.
///
/// ```java
/// StorageStrategy.withWriter(catalogue)        // in memory of the writer's host
/// Volumes.of(volumes)                          // at storage volumes, which outlive the writer
/// Volumes.of(volumes).replicated(2)            // at two of them
/// ```
@FunctionalInterface
public interface StorageStrategy {
  /// Stores a part. It is visible when all copies of all ranks are in.
  ///
  /// @param packed the caller's, who may write its memory again when nobody else holds it
  /// @throws StoreException if the catalogue refuses it, or there is no room or place for it
  void store(Contribution packed, Destination to);

  /// Frees what the catalogue does not need any more, after something was deleted.
  default void sweep() {}

  /// In memory of the host of the writer. The catalogue of the same host keeps it when the writer
  /// is gone; on other hosts it ends with the writer.
  static StorageStrategy withWriter(Catalogue catalogue) {
    return (packed, to) -> {
      Receipt _ = to.send(catalogue, packed);
    };
  }
}
