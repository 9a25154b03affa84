package dev.burnish.link.transport;

import dev.burnish.concurrent.Waits;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// A port that accepts only TLS 1.3, at which strangers use up neither files nor time.
///
/// A connecting peer is a [Guest] until it has proved that it belongs here. There are at most
/// [#MOST] guests at a time: for a further one another is dropped, from the address that has most
/// of them, and there the oldest that has sent nothing, or else the oldest. Each has [#PATIENCE]
/// for its whole proof, however it spreads its bytes. So a member that was dropped may try again,
/// and gets in. Nothing that one connection does ends the accepting thread.
public final class TlsPort implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TlsPort.class.getName());

  /// Limit of guests: few, as each holds a file.
  static final int MOST = 64;

  /// Time limit of a guest, for everything: long, as a machine that starts many processes at once
  /// is slow.
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final int BACKLOG = 128;

  private final ServerSocket server;
  private final SSLSocketFactory factory;
  private final Proof proof;
  private final Duration patience;
  private final Set<Guest> guests = new LinkedHashSet<>();
  private final RefusalLog refusals = new RefusalLog(LOG);

  /// How a guest proves that it belongs here.
  public enum Proof {
    /// The job's certificate, in the handshake.
    CERTIFICATE,
    /// A message that it sends later.
    WORD
  }

  /// Takes guests in.
  @FunctionalInterface
  public interface Reception {
    /// Talks to a guest over TLS, on a thread of its own; a guest that is not admitted when this
    /// returns or throws is dropped.
    void receive(Guest guest, SSLSocket socket) throws IOException;
  }

  private TlsPort(ServerSocket server, JobKeys keys, Proof proof, Duration patience) {
    this.server = server;
    this.factory = keys.context().getSocketFactory();
    this.proof = proof;
    this.patience = patience;
  }

  /// Takes a free port.
  public static TlsPort open(InetAddress bind, JobKeys keys, Proof proof) throws IOException {
    return open(bind, keys, proof, PATIENCE);
  }

  static TlsPort open(InetAddress bind, JobKeys keys, Proof proof, Duration patience)
      throws IOException {
    return new TlsPort(new ServerSocket(0, BACKLOG, bind), keys, proof, patience);
  }

  /// The same, with a channel under each connection, for a [HostChannel].
  public static TlsPort openForChannels(InetAddress bind, JobKeys keys) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      ServerSocket server = channel.bind(new InetSocketAddress(bind, 0), BACKLOG).socket();
      return new TlsPort(server, keys, Proof.CERTIFICATE, PATIENCE);
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  /// Such as `10.0.0.1:4711`.
  public String address() {
    return server.getInetAddress().getHostAddress() + ":" + server.getLocalPort();
  }

  /// Begins to accept connections, until the end.
  public void serve(String name, Reception reception) {
    Thread.ofPlatform().daemon().name(name).start(() -> accept(name, reception));
  }

  /// A connection that has not yet proved that it belongs here.
  public final class Guest {
    private final Socket plain;
    private final long until = System.nanoTime() + patience.toNanos();
    private boolean spoke;

    private Guest(Socket plain) {
      this.plain = plain;
    }

    /// The socket under the TLS: closing it never waits for the peer.
    Socket plain() {
      return plain;
    }

    /// The guest has proved that it belongs here, and is no guest any more: it has no time limit,
    /// and its holder closes it.
    ///
    /// @throws IOException if its time is over
    public void admit() throws IOException {
      if (!leave(this)) {
        throw new SocketException("its time was over");
      }
      plain.setSoTimeout(0);
    }

    /// Logs that the guest does not belong here.
    public void refuse(String reason) {
      refusals.add(plain.getRemoteSocketAddress() + ": " + reason);
    }
  }

  private boolean leave(Guest guest) {
    synchronized (guests) {
      return guests.remove(guest);
    }
  }

  private void accept(String name, Reception reception) {
    while (!server.isClosed()) {
      try {
        server.setSoTimeout(dropLate() ? (int) LOOK.toMillis() : 0);
        Socket plain = server.accept();
        try {
          welcome(plain, name, reception);
        } catch (Throwable e) {
          JobKeys.close(plain);
          throw e;
        }
      } catch (SocketTimeoutException e) {
        // Time to check for guests that are late.
      } catch (Throwable e) {
        goOn(e);
      }
    }
  }

  /// There may be no memory, or no file left: a guest may have taken it.
  private void goOn(Throwable cause) {
    if (server.isClosed()) {
      return;
    }
    try {
      LOG.log(System.Logger.Level.WARNING, "cannot take a connection: {0}", cause.toString());
      dropOne();
    } catch (Throwable e) {
      // Not even that: later then.
    }
    Waits.parkNanos(this, PAUSE.toNanos());
  }

  private void welcome(Socket plain, String name, Reception reception) {
    Guest guest = new Guest(plain);
    boolean full;
    synchronized (guests) {
      full = guests.size() >= MOST;
    }
    if (full) {
      dropOne();
    }
    synchronized (guests) {
      guests.add(guest);
    }
    try {
      Thread.ofVirtual().name(name + "/" + plain.getPort()).start(() -> receive(guest, reception));
    } catch (Throwable e) {
      leave(guest);
      throw e;
    }
  }

  /// Drops guests that are late; returns whether guests are left.
  private boolean dropLate() {
    long now = System.nanoTime();
    List<Guest> late;
    boolean left;
    synchronized (guests) {
      late = guests.stream().filter(guest -> guest.until - now <= 0).toList();
      late.forEach(guests::remove);
      left = !guests.isEmpty();
    }
    late.forEach(guest -> drop(guest, "it did not show in time that it belongs to the job"));
    return left;
  }

  private void dropOne() {
    Optional<Guest> dropped;
    synchronized (guests) {
      dropped = leastWelcome();
      dropped.ifPresent(guests::remove);
    }
    dropped.ifPresent(
        guest -> drop(guest, "it has not shown that it belongs to the job, and others came"));
  }

  /// The first of several alike is the oldest.
  private Optional<Guest> leastWelcome() {
    Map<InetAddress, Integer> numOf = new HashMap<>();
    guests.forEach(guest -> numOf.merge(guest.plain.getInetAddress(), 1, Integer::sum));
    return guests.stream()
        .max(
            Comparator.comparing(
                    (Guest guest) -> numOf.getOrDefault(guest.plain.getInetAddress(), 0))
                .thenComparing(guest -> !guest.spoke));
  }

  private static void drop(Guest guest, String reason) {
    JobKeys.close(guest.plain);
    guest.refuse(reason);
  }

  private void receive(Guest guest, Reception reception) {
    try {
      reception.receive(guest, handshake(guest));
    } catch (Throwable e) {
      boolean waited = leave(guest);
      JobKeys.close(guest.plain);
      tell(guest, e, waited);
    } finally {
      if (leave(guest)) {
        JobKeys.close(guest.plain);
      }
    }
  }

  /// A peer that disconnects has not been refused: it may be one of ours whose caller was
  /// interrupted. Nor is one that was dropped reported twice.
  private static void tell(Guest guest, Throwable cause, boolean waited) {
    if (!waited || hasLeft(cause)) {
      LOG.log(System.Logger.Level.DEBUG, "a connection ended: {0}", cause.toString());
    } else {
      guest.refuse("it does not belong to the job: " + cause.getMessage());
    }
  }

  private static boolean hasLeft(Throwable cause) {
    return Stream.iterate(cause, Objects::nonNull, Throwable::getCause)
        .limit(10)
        .anyMatch(e ->
            e instanceof EOFException
                || e instanceof SocketException
                || e instanceof ClosedChannelException);
  }

  private SSLSocket handshake(Guest guest) throws IOException {
    Socket plain = guest.plain;
    plain.setSoTimeout((int) patience.toMillis());
    int first = plain.getInputStream().read();
    if (first < 0) {
      throw new EOFException("it went away");
    }
    synchronized (guests) {
      guest.spoke = true;
    }
    SSLSocket socket =
        (SSLSocket)
            factory.createSocket(plain, new ByteArrayInputStream(new byte[] {(byte) first}), true);
    JobKeys.speakOnly13(socket);
    socket.setNeedClientAuth(proof == Proof.CERTIFICATE);
    socket.startHandshake();
    return socket;
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot stop to listen", e);
    }
    List<Guest> left;
    synchronized (guests) {
      left = List.copyOf(guests);
      guests.clear();
    }
    left.forEach(guest -> JobKeys.close(guest.plain));
  }
}
