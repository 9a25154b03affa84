package dev.burnish.link.transport;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.concurrent.Waits;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import jdk.net.ExtendedSocketOptions;

/// Unix domain sockets between the processes of a host, mutual TLS between hosts.
///
/// A process listens on a socket in a folder that only its user can enter; where it is to be
/// reached from other hosts, also on a TCP port, which admits only peers with the job's
/// certificate.
public final class SocketNetwork implements Network {
  private static final System.Logger LOG = System.getLogger(SocketNetwork.class.getName());

  /// Path length in bytes that every system accepts.
  private static final int MAX_PATH = 100;

  /// Names of processes that are used as file names unchanged.
  private static final Pattern PLAIN = Pattern.compile("[a-z0-9-]{1,16}");

  private static final String SUFFIX = ".sock";
  private static final int DIGEST = 8;
  private static final int LONGEST_NAME = 1 + 2 * DIGEST + SUFFIX.length();
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /// A host that is frozen accepts a connection and says nothing.
  private static final Duration HANDSHAKE = Duration.ofSeconds(15);

  /// A member that was dropped among many strangers tries again.
  private static final int TRIES = 3;

  private static final Duration PAUSE = Duration.ofMillis(100);

  private final ProcessAddress self;
  private final int maxBytes;
  private final ServerSocketChannel unix;
  private final Optional<Reach> reach;
  private final Optional<TlsPort> tls;
  private final UserPrincipal user;
  private final RefusalLog refusals = new RefusalLog(LOG);

  private SocketNetwork(
      ProcessAddress self,
      int maxBytes,
      ServerSocketChannel unix,
      Optional<Reach> reach,
      Optional<TlsPort> tls)
      throws IOException {
    this.self = self;
    this.maxBytes = maxBytes;
    this.unix = unix;
    this.reach = reach;
    this.tls = tls;
    this.user = Files.getOwner(Path.of(self.socket()), LinkOption.NOFOLLOW_LINKS);
  }

  /// Starts to listen, for this host alone or also for other hosts.
  ///
  /// @param folder that only this user can enter, the same for all processes of the host
  /// @param maxBytes of a frame
  /// @throws IOException if it cannot listen
  public static SocketNetwork open(
      String process, String host, Path folder, int maxBytes, Optional<Reach> reach)
      throws IOException {
    Path socket = socket(folder, process);
    if (!fits(folder)) {
      throw new IOException(
          "the path of a socket has at most %d bytes: path=%s; set -Dburnish.jobs to a shorter folder"
              .formatted(MAX_PATH, socket));
    }
    ServerSocketChannel unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    Optional<TlsPort> tls = Optional.empty();
    try {
      unix.bind(UnixDomainSocketAddress.of(socket), 128);
      if (reach.isPresent()) {
        tls =
            Optional.of(
                TlsPort.open(reach.get().bind(), reach.get().keys(), TlsPort.Proof.CERTIFICATE));
      }
      String tcp = tls.map(TlsPort::address).orElse("");
      return new SocketNetwork(
          new ProcessAddress(process, host, socket.toString(), tcp), maxBytes, unix, reach, tls);
    } catch (IOException e) {
      unix.close();
      tls.ifPresent(TlsPort::close);
      throw e;
    }
  }

  /// Whether sockets in a folder have paths that are short enough.
  public static boolean fits(Path folder) {
    return folder.toString().getBytes(UTF_8).length + 1 + LONGEST_NAME <= MAX_PATH;
  }

  /// The socket of a process: unique, and short, whatever its name is.
  private static Path socket(Path folder, String process) {
    return folder.resolve(
        (PLAIN.matcher(process).matches() ? process : "_" + digest(process)) + SUFFIX);
  }

  private static String digest(String process) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(process.getBytes(UTF_8));
      return HexFormat.of().formatHex(digest, 0, DIGEST);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// Removes the files that a killed process has left.
  public static void clean(Path folder, String process) {
    try {
      Files.deleteIfExists(socket(folder, process));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "the socket of " + process, e);
    }
  }

  @Override
  public ProcessAddress self() {
    return self;
  }

  @Override
  public Optional<Reach> reach() {
    return reach;
  }

  @Override
  public Transport connect(ProcessAddress to) throws IOException {
    if (to.host().equals(self.host()) && !to.socket().isEmpty()) {
      return transport(to.process(), UnixStream.connect(Path.of(to.socket()), user));
    }
    if (to.tcp().isEmpty() || reach.isEmpty()) {
      throw new IOException(
          "a process of another host is reached only where both listen for other hosts: to=%s from=%s; open the job to other hosts"
              .formatted(to, self));
    }
    return tls(to, reach.get().keys());
  }

  private Transport tls(ProcessAddress to, JobKeys job) throws IOException {
    for (int i = 1; ; i++) {
      try {
        return tryTls(to, job);
      } catch (SSLHandshakeException | EOFException | SocketException e) {
        if (i == TRIES || !wasDropped(e)) {
          throw e;
        }
        Waits.parkNanos(SocketNetwork.class, PAUSE.toNanos());
      }
    }
  }

  /// Not refused, and not out of reach.
  private static boolean wasDropped(IOException e) {
    return !(e instanceof java.net.ConnectException)
        && !(e instanceof java.net.NoRouteToHostException)
        && (!(e instanceof SSLHandshakeException) || e.getCause() instanceof EOFException)
        && !Thread.currentThread().isInterrupted();
  }

  private Transport tryTls(ProcessAddress to, JobKeys job) throws IOException {
    Socket plain = new Socket();
    try {
      plain.connect(JobKeys.address(to.tcp()), (int) CONNECT.toMillis());
      keepAlive(plain);
      plain.setSoTimeout((int) HANDSHAKE.toMillis());
      SSLSocket socket = job.wrap(plain, to.tcp());
      plain.setSoTimeout(0);
      return transport(to.process(), new TlsStream(plain, socket));
    } catch (Throwable e) {
      plain.close();
      throw e;
    }
  }

  /// Closes the stream where there is no memory for more.
  private Transport transport(String name, ByteStream stream) {
    try {
      return new SocketTransport(name, stream, maxBytes);
    } catch (Throwable e) {
      stream.close();
      throw e;
    }
  }

  /// Not on the caller's thread: its interrupt would close the connection, and its deadline may
  /// pass while others wait for the same.
  @Override
  public void begin(String name, Runnable connecting) {
    Thread.ofPlatform().daemon().name(name).start(connecting);
  }

  @Override
  public void listen(Acceptor acceptor) {
    Thread.ofPlatform()
        .daemon()
        .name("link/" + self.process() + "/accept")
        .start(() -> acceptUnix(acceptor));
    tls.ifPresent(port ->
        port.serve(
            "link/" + self.process() + "/accept-tls",
            (guest, socket) -> {
              guest.admit();
              keepAlive(guest.plain());
              accept(acceptor, new TlsStream(guest.plain(), socket));
            }));
  }

  @Override
  public void close() {
    tls.ifPresent(TlsPort::close);
    try {
      unix.close();
      Files.deleteIfExists(Path.of(self.socket()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot stop to listen", e);
    }
  }

  /// Whatever happens with one connection, others are accepted.
  private void acceptUnix(Acceptor acceptor) {
    while (unix.isOpen()) {
      try {
        SocketChannel channel = unix.accept();
        accept(acceptor, channel);
      } catch (ClosedChannelException e) {
        if (!unix.isOpen()) {
          return;
        }
      } catch (Throwable e) {
        goOn(e);
      }
    }
  }

  private static void goOn(Throwable cause) {
    try {
      LOG.log(System.Logger.Level.WARNING, "cannot take a connection: {0}", cause.toString());
    } catch (Throwable e) {
      // There is no memory even for that: later then.
    }
    Waits.parkNanos(SocketNetwork.class, PAUSE.toNanos());
  }

  private void accept(Acceptor acceptor, SocketChannel channel) {
    UnixStream stream;
    try {
      stream = UnixStream.accepted(channel, user);
    } catch (IOException e) {
      refusals.add("a process of this host: " + e.getMessage());
      return;
    }
    accept(acceptor, stream);
  }

  private void accept(Acceptor acceptor, ByteStream stream) {
    try {
      acceptor.accept(new SocketTransport("accepted", stream, maxBytes));
    } catch (Throwable e) {
      stream.close();
      throw e;
    }
  }

  /// Without this, a cut link is seen only after hours.
  static void keepAlive(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setKeepAlive(true);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 3);
  }
}
