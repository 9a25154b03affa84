package dev.burnish.link.bulk;

import dev.burnish.link.transport.JobKeys;

/// A process that is read from.
///
/// @param name of it, for messages
/// @param address of its [BulkPort]
public record BulkPeer(String name, String address, JobKeys keys) {
  @Override
  public String toString() {
    return name;
  }
}
