package dev.burnish.serve;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http1.Http1ConnectionSelectorConfig;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// Helidon's HTTP/1.1 over a [ClientConnection], which the handlers of requests find in
/// [ClientConnection#current].
final class ClientConnections implements ServerConnectionSelector {
  private final Http1ConnectionSelector http;
  private final ClientDeadline deadline;

  /// @param deadline for a client that still sends what was refused
  /// @param upgraders to other protocols
  ClientConnections(Http1Config config, ClientDeadline deadline, List<Http1Upgrader> upgraders) {
    this.deadline = deadline;
    Http1ConnectionSelectorConfig.Builder builder =
        Http1ConnectionSelector.builder().config(config);
    upgraders.forEach(builder::addUpgrader);
    http = builder.build();
  }

  @Override
  public int bytesToIdentifyConnection() {
    return http.bytesToIdentifyConnection();
  }

  @Override
  public Support supports(BufferData data) {
    return http.supports(data);
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    ClientConnection client = new ClientConnection(context.serverSocket());
    DataReader reader = DataReader.create(() -> next(context.dataReader(), client));
    return new Served(http.connection(new Context(context, reader)), client, deadline);
  }

  /// The next bytes; first those that Helidon has read to find the protocol.
  private static byte @Nullable [] next(DataReader before, ClientConnection client) {
    int available = before.available();
    return available > 0 ? before.readBytes(available) : client.next().orElse(null);
  }

  /// A connection that binds its client while it handles requests.
  private record Served(ServerConnection http, ClientConnection client, ClientDeadline deadline)
      implements ServerConnection, InterruptableTask<Void> {
    @Override
    public void handle(Limit limit) throws InterruptedException {
      client.serve(
          () -> {
            http.handle(limit);
            return null;
          },
          deadline);
    }

    @Override
    public Duration idleTime() {
      return http.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      http.close(interrupt);
    }

    @Override
    public boolean canInterrupt() {
      return http instanceof InterruptableTask<?> task && task.canInterrupt();
    }
  }

  /// The context with another reader.
  private record Context(ConnectionContext context, DataReader reader)
      implements ConnectionContext {
    @Override
    public DataReader dataReader() {
      return reader;
    }

    @Override
    public ListenerContext listenerContext() {
      return context.listenerContext();
    }

    @Override
    public ExecutorService executor() {
      return context.executor();
    }

    @Override
    public DataWriter dataWriter() {
      return context.dataWriter();
    }

    @Override
    public Router router() {
      return context.router();
    }

    @Override
    public Optional<ProxyProtocolData> proxyProtocolData() {
      return context.proxyProtocolData();
    }

    @Override
    public HelidonSocket serverSocket() {
      return context.serverSocket();
    }

    @Override
    public PeerInfo remotePeer() {
      return context.remotePeer();
    }

    @Override
    public PeerInfo localPeer() {
      return context.localPeer();
    }

    @Override
    public boolean isSecure() {
      return context.isSecure();
    }

    @Override
    public String socketId() {
      return context.socketId();
    }

    @Override
    public String childSocketId() {
      return context.childSocketId();
    }
  }
}
