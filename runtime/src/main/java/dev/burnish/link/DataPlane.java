package dev.burnish.link;

import dev.burnish.link.bulk.BulkPeer;
import dev.burnish.link.bulk.BulkPort;
import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.link.bulk.Shelf;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// How the bytes of regions go between this process and others, chosen by pair: memory of this
/// process and of others of its host is mapped, that of other hosts is read over TCP. The port for
/// readers of other hosts is opened when the first of them comes. Thread-safe.
final class DataPlane implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DataPlane.class.getName());

  private final Network network;
  private final Shelf shelf;
  private final BulkSettings settings;
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private Optional<BulkPort> port = Optional.empty();
  private boolean closed;

  DataPlane(Network network, Shelf shelf, BulkSettings settings) {
    this.network = network;
    this.shelf = shelf;
    this.settings = settings;
  }

  BulkSettings settings() {
    return settings;
  }

  /// The address at which other hosts read regions of this process.
  ///
  /// @throws IllegalStateException if no other host reaches it
  /// @throws ReplicaLost if it ends: others turn to one that has the same
  synchronized String address() {
    if (closed) {
      throw new ReplicaLost("this process ends: process=" + network.self());
    }
    if (port.isEmpty()) {
      try {
        port = Optional.of(BulkPort.open(reach(), shelf, settings));
      } catch (IOException e) {
        throw new UncheckedIOException("no port for readers of other hosts: " + e, e);
      }
    }
    return port.get().address();
  }

  private Network.Reach reach() {
    return network
        .reach()
        .orElseThrow(() ->
            new IllegalStateException(
                "regions are read by other hosts only where both listen for other hosts: process=%s; open the job to other hosts"
                    .formatted(network.self())));
  }

  /// A process of another host, by the address that it has told.
  BulkPeer peer(ProcessAddress owner, String address) {
    return new BulkPeer(owner.toString(), address, reach().keys());
  }

  /// Logs how the bytes of a process come to this one, once per process and way.
  void tell(ProcessAddress owner, Way way) {
    if (told.add(owner.process() + " " + way)) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "regions of {0} come to {1}: {2}",
          owner,
          network.self(),
          way.words(settings));
    }
  }

  /// The way of bytes between two processes.
  enum Way {
    SAME_PROCESS,
    SAME_HOST,
    OTHER_HOST,
    WITH_MESSAGES;

    private String words(BulkSettings settings) {
      return switch (this) {
        case SAME_PROCESS -> "same process, in place";
        case SAME_HOST -> "same host, mapped";
        case OTHER_HOST -> "other host, what is read, over TCP, " + settings;
        case WITH_MESSAGES -> "whole, over a connection as of messages";
      };
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    port.ifPresent(BulkPort::close);
  }
}
