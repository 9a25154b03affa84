package dev.burnish.mesh.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.TlsPort;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.util.function.Function;
import javax.net.ssl.SSLSocket;

/// Takes hosts into a job: a host that shows the secret of the ticket receives what it needs, the
/// job's keys included. All others are refused, and that is logged.
public final class JoinServer implements AutoCloseable {
  /// Sent in place of the length of the reply to a host.
  static final int REFUSED = -1;

  private static final int MAX_NAME = 200;

  private final TlsPort port;
  private final JoinTicket ticket;
  private final Function<String, Bootstrap> bootstrap;

  private JoinServer(TlsPort port, JoinTicket ticket, Function<String, Bootstrap> bootstrap) {
    this.port = port;
    this.ticket = ticket;
    this.bootstrap = bootstrap;
  }

  /// Listens at a free port.
  ///
  /// @param bootstrap of a host, by the name that it chooses for itself
  public static JoinServer open(
      InetAddress bind, JobKeys keys, Function<String, Bootstrap> bootstrap) throws IOException {
    TlsPort port = TlsPort.open(bind, keys, TlsPort.Proof.WORD);
    JoinTicket ticket = new JoinTicket(port.address(), keys.fingerprint(), JoinTicket.newSecret());
    JoinServer join = new JoinServer(port, ticket, bootstrap);
    port.serve("join", join::admit);
    return join;
  }

  /// The ticket that a host needs to join.
  public JoinTicket ticket() {
    return ticket;
  }

  private void admit(TlsPort.Guest guest, SSLSocket socket) throws IOException {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      byte[] secret = in.readNBytes(JoinTicket.SECRET);
      if (!MessageDigest.isEqual(secret, ticket.secret())) {
        guest.refuse("it does not have the secret of the ticket");
        out.writeInt(REFUSED);
        return;
      }
      int length = in.readUnsignedByte();
      String name = new String(in.readNBytes(Math.min(length, MAX_NAME)), UTF_8);
      guest.admit();
      byte[] told = bootstrap.apply(name).encode();
      out.writeInt(told.length);
      out.write(told);
      out.flush();
    }
  }

  @Override
  public void close() {
    port.close();
  }
}
