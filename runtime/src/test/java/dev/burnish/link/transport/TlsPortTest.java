package dev.burnish.link.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Attacks of strangers on a port, and that members get in all the same.
class TlsPortTest {
  private static final Logger LOG = Logger.getLogger(TlsPort.class.getName());
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final JobKeys keys = JobKeys.create();
  private final BlockingQueue<LogRecord> logged = new LinkedBlockingQueue<>();
  private final List<Socket> sockets = new ArrayList<>();
  private final AtomicInteger numAdmitted = new AtomicInteger();
  private Optional<TlsPort> opened = Optional.empty();

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          logged.add(entry);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOG.setUseParentHandlers(false);
    LOG.addHandler(handler);
    LOG.setLevel(Level.ALL);
  }

  @AfterEach
  void close() throws IOException {
    LOG.removeHandler(handler);
    LOG.setLevel(null);
    LOG.setUseParentHandlers(true);
    for (Socket socket : sockets) {
      socket.close();
    }
    opened.ifPresent(TlsPort::close);
  }

  /// A port that says `hi` to members.
  private TlsPort port(TlsPort.Proof proof, Duration patience) throws IOException {
    TlsPort port = TlsPort.open(HERE, keys, proof, patience);
    opened = Optional.of(port);
    port.serve("test", this::greet);
    return port;
  }

  private void greet(TlsPort.Guest guest, SSLSocket socket) throws IOException {
    guest.admit();
    numAdmitted.incrementAndGet();
    socket.getOutputStream().write("hi".getBytes(UTF_8));
  }

  private Socket stranger(TlsPort port) throws IOException {
    Socket socket = new Socket();
    sockets.add(socket);
    socket.connect(JobKeys.address(port.address()));
    return socket;
  }

  private SSLSocket member(TlsPort port) throws IOException {
    Socket plain = stranger(port);
    return keys.wrap(plain, port.address());
  }

  private void assertMembersGetIn(TlsPort port) throws IOException {
    SSLSocket socket = member(port);
    assertThat(new String(socket.getInputStream().readNBytes(2), UTF_8)).isEqualTo("hi");
  }

  private static boolean isEnded(Socket socket) {
    try {
      return socket.getInputStream().read() < 0;
    } catch (IOException e) {
      return true;
    }
  }

  private String awaitWarning() throws InterruptedException {
    LogRecord entry = logged.take();
    while (entry.getLevel().intValue() < Level.WARNING.intValue()) {
      entry = logged.take();
    }
    return entry.getMessage() + List.of(entry.getParameters());
  }

  @Test
  void manyThatSayNothingHoldFewFilesAndMembersGetIn() throws Exception {
    TlsPort port = port(TlsPort.Proof.CERTIFICATE, Duration.ofMinutes(10));
    for (int i = 0; i < 600; i++) {
      stranger(port);
    }
    for (Socket dropped : sockets.subList(0, 600 - TlsPort.MOST)) {
      assertThat(isEnded(dropped)).isTrue();
    }
    assertMembersGetIn(port);
    assertThat(awaitWarning()).contains("refused").contains("others came");
  }

  /// Guests that have begun to speak stay while there are others.
  @Test
  void whoSaysNothingGoesBeforeWhoSpeaks() throws Exception {
    TlsPort port = TlsPort.open(HERE, keys, TlsPort.Proof.WORD);
    opened = Optional.of(port);
    CountDownLatch heard = new CountDownLatch(1);
    port.serve(
        "test",
        (guest, socket) -> {
          heard.countDown();
          assertThat(socket.getInputStream().read()).isEqualTo('w');
          greet(guest, socket);
        });
    SSLSocket speaks = member(port);
    heard.await();
    Socket silent = stranger(port);
    for (int i = 0; i < TlsPort.MOST - 1; i++) {
      stranger(port);
    }
    assertThat(isEnded(silent)).isTrue();
    speaks.getOutputStream().write('w');
    assertThat(new String(speaks.getInputStream().readNBytes(2), UTF_8)).isEqualTo("hi");
  }

  @Test
  void oneThatSpreadsItsBytesEndsAllTheSame() throws Exception {
    TlsPort port = port(TlsPort.Proof.CERTIFICATE, Duration.ofSeconds(1));
    Socket slow = stranger(port);
    byte[] record = {22, 3, 1, 2, 0};
    long began = System.nanoTime();
    assertThatThrownBy(
            () -> {
              for (int i = 0; ; i++) {
                slow.getOutputStream().write(i < record.length ? record[i] : 0);
                slow.setSoTimeout(100);
                try {
                  if (slow.getInputStream().read() < 0) {
                    throw new IOException("ended");
                  }
                } catch (java.net.SocketTimeoutException e) {
                  assertThat(System.nanoTime() - began).isLessThan(60_000_000_000L);
                }
              }
            })
        .isInstanceOf(IOException.class);
    assertThat(awaitWarning()).contains("in time");
    assertMembersGetIn(port);
  }

  @Test
  void olderVersionsAreRefused() throws Exception {
    for (TlsPort.Proof proof : TlsPort.Proof.values()) {
      TlsPort port = port(proof, Duration.ofMinutes(10));
      Socket plain = stranger(port);
      SSLSocket socket =
          (SSLSocket)
              keys.context().getSocketFactory().createSocket(plain, "job", plain.getPort(), true);
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThatThrownBy(socket::startHandshake).isInstanceOf(IOException.class);
      assertMembersGetIn(port);
      port.close();
    }
  }

  @Test
  void aPortThatAsksForTheCertificateAdmitsNobodyWithoutIt() throws Exception {
    TlsPort port = port(TlsPort.Proof.CERTIFICATE, Duration.ofMinutes(10));
    assertThatThrownBy(
            () -> {
              try (SSLSocket socket =
                  JobKeys.connect(port.address(), keys.fingerprint(), Duration.ofMinutes(1))) {
                assertThat(socket.getInputStream().read()).isNegative();
              }
            })
        .isInstanceOf(IOException.class);
    assertThat(numAdmitted.get()).isZero();
    assertThat(awaitWarning()).contains("does not belong to the job");
  }

  /// It may be one of ours, whose caller was interrupted.
  @Test
  void whoGoesAwayIsNotAccused() throws Exception {
    TlsPort port = port(TlsPort.Proof.CERTIFICATE, Duration.ofMinutes(10));
    stranger(port).close();
    Socket reset = stranger(port);
    reset.getOutputStream().write(new byte[] {22, 3, 1});
    reset.setSoLinger(true, 0);
    reset.close();
    for (int i = 0; i < 2; i++) {
      LogRecord entry = logged.take();
      assertThat(entry.getLevel().intValue()).isLessThan(Level.INFO.intValue());
    }
    assertMembersGetIn(port);
  }

  @Test
  void nothingThatOneConnectionDoesEndsThePort() throws Exception {
    TlsPort port = TlsPort.open(HERE, keys, TlsPort.Proof.CERTIFICATE);
    opened = Optional.of(port);
    AtomicInteger numTries = new AtomicInteger();
    port.serve(
        "test",
        (guest, socket) -> {
          if (numTries.incrementAndGet() == 1) {
            throw new OutOfMemoryError("of the test");
          }
          greet(guest, socket);
        });
    assertThat(isEnded(member(port))).isTrue();
    assertMembersGetIn(port);
  }
}
