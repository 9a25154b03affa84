package dev.burnish.store.tensors;

/// Where a contribution goes at the catalogue.
public sealed interface Destination {
  /// To the keys that its items have.
  record ToKeys() implements Destination {}

  /// To a version of a set.
  record ToVersion(String set, long version) implements Destination {}

  /// Sends a contribution there.
  default Receipt send(Catalogue catalogue, Contribution part) {
    return switch (this) {
      case ToKeys _ -> catalogue.put(part);
      case ToVersion(String set, long version) -> catalogue.publish(set, version, part);
    };
  }
}
