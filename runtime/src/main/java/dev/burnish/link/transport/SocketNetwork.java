package dev.burnish.link.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import jdk.net.ExtendedSocketOptions;

/// Unix domain sockets between the processes of a host, mutual TLS between hosts.
///
/// A process listens on a socket in a folder that only its user can enter; where it is to be
/// reached from other hosts, also on a TCP port, which admits only peers with the job's
/// certificate.
public final class SocketNetwork implements Network {
  private static final System.Logger LOG = System.getLogger(SocketNetwork.class.getName());
  private static final int MAX_PATH = 100;
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /// A host that is frozen takes a connection and says nothing.
  private static final Duration HANDSHAKE = Duration.ofSeconds(15);

  /// Long, as a machine that starts many processes at once is slow.
  private static final Duration ADMISSION = Duration.ofSeconds(60);

  private final ProcessAddress self;
  private final int maxBytes;
  private final ServerSocketChannel unix;
  private final Optional<JobKeys> keys;
  private final Optional<SSLServerSocket> tls;

  private SocketNetwork(
      ProcessAddress self,
      int maxBytes,
      ServerSocketChannel unix,
      Optional<JobKeys> keys,
      Optional<SSLServerSocket> tls) {
    this.self = self;
    this.maxBytes = maxBytes;
    this.unix = unix;
    this.keys = keys;
    this.tls = tls;
  }

  /// Where other hosts reach a process.
  ///
  /// @param bind the address of this host to listen at
  /// @param keys of the job
  public record Reach(InetAddress bind, JobKeys keys) {}

  /// Starts to listen, on the host alone or also for other hosts.
  ///
  /// @param folder that only this user can enter, the same for all processes of the host
  /// @param maxBytes of a frame
  /// @throws IOException if it cannot
  public static SocketNetwork open(
      String process, String host, Path folder, int maxBytes, Optional<Reach> reach)
      throws IOException {
    Path socket = folder.resolve(process.replace('/', '.') + ".sock");
    if (socket.toString().length() > MAX_PATH) {
      throw new IOException(
          "the path of a socket has at most %d characters: path=%s; set java.io.tmpdir to a shorter folder"
              .formatted(MAX_PATH, socket));
    }
    ServerSocketChannel unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    unix.bind(UnixDomainSocketAddress.of(socket), 128);
    Optional<SSLServerSocket> tls = Optional.empty();
    String tcp = "";
    if (reach.isPresent()) {
      SSLServerSocket server = reach.get().keys().serverSocket(reach.get().bind());
      tls = Optional.of(server);
      tcp = reach.get().bind().getHostAddress() + ":" + server.getLocalPort();
    }
    return new SocketNetwork(
        new ProcessAddress(process, host, socket.toString(), tcp),
        maxBytes,
        unix,
        reach.map(Reach::keys),
        tls);
  }

  @Override
  public ProcessAddress self() {
    return self;
  }

  @Override
  public Transport connect(ProcessAddress to) throws IOException {
    if (to.host().equals(self.host()) && !to.socket().isEmpty()) {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.connect(UnixDomainSocketAddress.of(to.socket()));
        return new SocketTransport(to.process(), new UnixStream(channel), maxBytes);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    }
    if (to.tcp().isEmpty() || keys.isEmpty()) {
      throw new IOException(
          "a process of another host is reached only where both listen for other hosts: to=%s from=%s; open the job to other hosts"
              .formatted(to, self));
    }
    return tls(to, keys.get());
  }

  private Transport tls(ProcessAddress to, JobKeys job) throws IOException {
    Socket plain = new Socket();
    try {
      plain.connect(JobKeys.address(to.tcp()), (int) CONNECT.toMillis());
      keepAlive(plain);
      plain.setSoTimeout((int) HANDSHAKE.toMillis());
      SSLSocket socket = job.wrap(plain, to.tcp());
      plain.setSoTimeout(0);
      return new SocketTransport(to.process(), new TlsStream(plain, socket), maxBytes);
    } catch (IOException e) {
      plain.close();
      throw e;
    }
  }

  /// Not on the caller's thread: its interrupt would close the connection, and its time may be up
  /// while others wait for the same.
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
    tls.ifPresent(server ->
        Thread.ofPlatform()
            .daemon()
            .name("link/" + self.process() + "/accept-tls")
            .start(() -> acceptTls(server, acceptor)));
  }

  @Override
  public void close() {
    try {
      unix.close();
      Files.deleteIfExists(Path.of(self.socket()));
      if (tls.isPresent()) {
        tls.get().close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot stop to listen", e);
    }
  }

  private void acceptUnix(Acceptor acceptor) {
    while (unix.isOpen()) {
      try {
        SocketChannel channel = unix.accept();
        acceptor.accept(new SocketTransport("accepted", new UnixStream(channel), maxBytes));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.log(System.Logger.Level.WARNING, "cannot accept a connection", e);
      }
    }
  }

  private void acceptTls(SSLServerSocket server, Acceptor acceptor) {
    while (!server.isClosed()) {
      try {
        SSLSocket socket = (SSLSocket) server.accept();
        Thread.ofVirtual().name("link/handshake").start(() -> handshake(socket, acceptor));
      } catch (IOException e) {
        if (!server.isClosed()) {
          LOG.log(System.Logger.Level.WARNING, "cannot accept a connection", e);
        }
      }
    }
  }

  private void handshake(SSLSocket socket, Acceptor acceptor) {
    try {
      socket.setSoTimeout((int) ADMISSION.toMillis());
      socket.startHandshake();
      socket.setSoTimeout(0);
      keepAlive(socket);
      acceptor.accept(new SocketTransport("accepted", new TlsStream(socket, socket), maxBytes));
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "refused {0}: it does not belong to the job: {1}",
          socket.getRemoteSocketAddress(),
          e.getMessage());
      JobKeys.close(socket);
    }
  }

  /// Without this, a cut link is seen only after hours.
  private static void keepAlive(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setKeepAlive(true);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 3);
  }
}
