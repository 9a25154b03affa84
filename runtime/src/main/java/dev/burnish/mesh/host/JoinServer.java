package dev.burnish.mesh.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.link.transport.JobKeys;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.function.Function;
import javax.net.ssl.SSLServerSocket;

/// Takes hosts into a job: one that shows the secret of the ticket is told what it needs, the job's
/// keys among it. Everybody else is refused, and that is logged.
public final class JoinServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(JoinServer.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MAX_NAME = 200;

  private final SSLServerSocket server;
  private final JoinTicket ticket;
  private final Function<String, Bootstrap> bootstrap;

  private JoinServer(
      SSLServerSocket server, JoinTicket ticket, Function<String, Bootstrap> bootstrap) {
    this.server = server;
    this.ticket = ticket;
    this.bootstrap = bootstrap;
  }

  /// Listens at a free port.
  ///
  /// @param bootstrap of a host, by the name that it gives itself
  public static JoinServer open(
      InetAddress bind, JobKeys keys, Function<String, Bootstrap> bootstrap) throws IOException {
    SSLServerSocket server =
        (SSLServerSocket) keys.context().getServerSocketFactory().createServerSocket(0, 16, bind);
    JoinTicket ticket =
        new JoinTicket(
            bind.getHostAddress() + ":" + server.getLocalPort(),
            keys.fingerprint(),
            JoinTicket.newSecret());
    JoinServer join = new JoinServer(server, ticket, bootstrap);
    Thread.ofPlatform().daemon().name("join").start(join::accept);
    return join;
  }

  /// What a host needs to join.
  public JoinTicket ticket() {
    return ticket;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofVirtual().name("join/" + socket.getPort()).start(() -> admit(socket));
      } catch (IOException e) {
        if (!server.isClosed()) {
          LOG.log(System.Logger.Level.WARNING, "cannot accept a host", e);
        }
      }
    }
  }

  private void admit(Socket socket) {
    try (socket) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] secret = in.readNBytes(JoinTicket.SECRET);
      if (!MessageDigest.isEqual(secret, ticket.secret())) {
        LOG.log(
            System.Logger.Level.WARNING,
            "refused {0}: it does not have the secret of the ticket",
            socket.getRemoteSocketAddress());
        return;
      }
      int length = in.readUnsignedByte();
      String name = new String(in.readNBytes(Math.min(length, MAX_NAME)), UTF_8);
      byte[] told = bootstrap.apply(name).encode();
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeInt(told.length);
      out.write(told);
      out.flush();
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "refused {0}: {1}",
          socket.getRemoteSocketAddress(),
          e.getMessage());
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot stop to take hosts in", e);
    }
  }
}
