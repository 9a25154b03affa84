package dev.burnish.link.bulk;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.transport.HostChannel;
import dev.burnish.link.transport.Network.Reach;
import dev.burnish.link.transport.TlsPort;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLSocket;

/// The port at which processes of other hosts read the regions that they were passed. Only peers
/// with the job's certificate get as far as a request; a request that is none of ours ends its
/// connection. A reader that takes nothing for as long as [BulkSettings#patience] is dropped, so
/// that it does not hold memory.
///
/// Memory: the buffers of a connection, and nothing else: bytes go from the region to the socket.
/// Thread-safe.
public final class BulkPort implements AutoCloseable {
  /// Connections of members of the job: of 64 readers at a time, and more come when these are done.
  static final int MOST = 256;

  private static final Duration LOOK = Duration.ofMillis(500);

  private final TlsPort port;
  private final Shelf shelf;
  private final BulkSettings settings;
  private final Set<BulkServing> serving = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);

  private BulkPort(TlsPort port, Shelf shelf, BulkSettings settings) {
    this.port = port;
    this.shelf = shelf;
    this.settings = settings;
  }

  /// Opens a port, which serves until it is closed.
  public static BulkPort open(Reach reach, Shelf shelf, BulkSettings settings) throws IOException {
    BulkPort opened =
        new BulkPort(TlsPort.openForChannels(reach.bind(), reach.keys()), shelf, settings);
    opened.port.serve("link/bulk/accept", opened::receive);
    Thread.ofPlatform().daemon().name("link/bulk/watch").start(opened::watch);
    return opened;
  }

  /// `host:port`.
  public String address() {
    return port.address();
  }

  /// Readers that are connected.
  public int numConnections() {
    return serving.size();
  }

  private void receive(TlsPort.Guest guest, SSLSocket tls) throws IOException {
    if (serving.size() >= MOST) {
      guest.refuse("there are too many readers: bulk connections=" + MOST);
      return;
    }
    HostChannel channel = HostChannel.accept(guest, tls, settings.protection());
    BulkServing served = new BulkServing(channel, shelf, settings.pulse());
    serving.add(served);
    if (closed.getCount() == 0) {
      channel.close();
    }
    Thread.ofPlatform()
        .daemon()
        .name("link/bulk/serve")
        .start(() -> {
          try (channel) {
            served.run();
          } finally {
            serving.remove(served);
          }
        });
  }

  /// Drops readers that take nothing.
  private void watch() {
    try {
      while (!Waits.await(closed, LOOK)) {
        serving.stream()
            .filter(each -> each.isLate(settings.patience()))
            .forEach(BulkServing::drop);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends all connections.
  @Override
  public void close() {
    closed.countDown();
    port.close();
    serving.forEach(BulkServing::drop);
  }
}
