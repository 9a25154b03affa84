package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.Network.Reach;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Frames;
import dev.burnish.wire.Fuzz;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Links over real sockets.
class SocketNetworkTest {
  private static final byte[] TOKEN = {4, 5, 6};
  private static final int MAX = Limits.defaults().maxBytes();

  @TempDir private Path folder = Path.of("");
  private final List<Switchboard> boards = new ArrayList<>();
  private final AtomicInteger numCalls = new AtomicInteger();

  private final class Echo implements Link.Handler {
    @Override
    public void call(ServedCall call) {
      numCalls.incrementAndGet();
      call.reply(call.arguments());
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {
      numCalls.incrementAndGet();
    }
  }

  private Switchboard board(String name, String host, Optional<Reach> reach) throws IOException {
    Network network = SocketNetwork.open(name, host, folder, MAX, reach);
    Switchboard board =
        new Switchboard(network, TOKEN, new Echo(), Clock.system(), LinkSettings.defaults());
    boards.add(board);
    return board;
  }

  private static byte[] echo(Link link, byte[] bytes) {
    return link.call("echo", new Link.Target(1, 0), bytes, Duration.ofMinutes(1), link.session())
        .await(SocketNetworkTest.class.getClassLoader());
  }

  @AfterEach
  void close() {
    boards.forEach(Switchboard::close);
  }

  /// Whatever they are called: the same except for one character, long, or of processes within
  /// processes.
  @Test
  void everyProcessHasASocketOfItsOwn() throws Exception {
    Switchboard near = board("near", "host", Optional.empty());
    List<String> names =
        List.of(
            "a/b",
            "a.b",
            "A/b",
            "a_b",
            "é",
            "n".repeat(80),
            "n".repeat(81),
            "procs/0/inner/1/deep/2/deeper/3/deepest/4");
    for (String name : names) {
      board(name, "host", Optional.empty());
    }
    for (Switchboard far : boards) {
      assertThat(echo(near.link(far.self()), new byte[] {7})).containsExactly(7);
    }
    assertThat(boards).extracting(board -> board.self().socket()).doesNotHaveDuplicates();
  }

  /// Such as an out-of-memory error, in which no connection can be made of an accepted socket.
  @Test
  void anErrorInTakingAConnectionIsThatOfOneConnection() throws Exception {
    Logger log = Logger.getLogger(SocketNetwork.class.getName());
    log.setLevel(Level.OFF);
    JobKeys keys = JobKeys.create();
    Reach reach = new Reach(InetAddress.getLoopbackAddress(), keys);
    try (Network far = SocketNetwork.open("far", "host", folder, MAX, Optional.of(reach));
        Network near = SocketNetwork.open("near", "host", folder, MAX, Optional.of(reach));
        Network other = SocketNetwork.open("other", "elsewhere", folder, MAX, Optional.of(reach))) {
      AtomicInteger numTaken = new AtomicInteger();
      CountDownLatch taken = new CountDownLatch(2);
      far.listen(transport -> {
        if (numTaken.incrementAndGet() <= 6) {
          throw new OutOfMemoryError("of the test");
        }
        taken.countDown();
      });
      for (int i = 0; i < 4; i++) {
        near.connect(far.self());
        other.connect(far.self());
      }
      taken.await();
    } finally {
      log.setLevel(Level.INFO);
    }
  }

  @Test
  void payloadsOfEverySizeComeBack() throws Exception {
    Switchboard far = board("far", "host", Optional.empty());
    Link link = board("near", "host", Optional.empty()).link(far.self());
    RandomGenerator random = RandomGeneratorFactory.getDefault().create(1);
    for (int size : new int[] {0, 1, 63, 64, 65, 130_000, 131_072, 1 << 20, 15 << 20, 3}) {
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      assertThat(echo(link, bytes)).as("size=%d", size).isEqualTo(bytes);
    }
  }

  @Test
  void bothSidesMaySendMoreThanThePipeHolds() throws Exception {
    Switchboard far = board("far", "host", Optional.empty());
    Link link = board("near", "host", Optional.empty()).link(far.self());
    byte[] large = new byte[1 << 20];
    List<OpenCall> open = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      open.add(
          link.call("echo", new Link.Target(1, 0), large, Duration.ofMinutes(1), link.session()));
    }
    for (OpenCall call : open) {
      assertThat(call.await(SocketNetworkTest.class.getClassLoader())).hasSize(large.length);
    }
  }

  @Test
  void anInterruptedCallerLeavesTheConnectionWhole() throws Exception {
    Switchboard far = board("far", "host", Optional.empty());
    Link link = board("near", "host", Optional.empty()).link(far.self());
    for (int i = 0; i < 200; i++) {
      Thread caller =
          Thread.ofVirtual()
              .start(() -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> echo(link, new byte[100_000]))
                    .isInstanceOf(CallCancelled.class);
              });
      caller.join();
    }
    assertThat(echo(link, new byte[] {1})).containsExactly(1);
    assertThat(link.isUp()).isTrue();
  }

  @Test
  void hostsTalkOverMutualTls() throws Exception {
    JobKeys keys = JobKeys.create();
    Reach reach = new Reach(InetAddress.getLoopbackAddress(), keys);
    Switchboard far = board("far", "host-b", Optional.of(reach));
    Link link = board("near", "host-a", Optional.of(reach)).link(far.self());
    byte[] large = new byte[3 << 20];
    assertThat(echo(link, large)).isEqualTo(large);
  }

  @Test
  void aHostWithoutTheCertificateIsRefused() throws Exception {
    InetAddress here = InetAddress.getLoopbackAddress();
    Switchboard far = board("far", "host-b", Optional.of(new Reach(here, JobKeys.create())));
    Switchboard stranger = board("near", "host-a", Optional.of(new Reach(here, JobKeys.create())));
    assertThatThrownBy(() -> echo(stranger.link(far.self()), new byte[1]))
        .isInstanceOf(ReplicaLost.class);
    assertThat(numCalls.get()).isZero();
  }

  @Test
  void aPeerThatShowsNoCertificateIsRefused() throws Exception {
    JobKeys keys = JobKeys.create();
    Switchboard far =
        board("far", "host-b", Optional.of(new Reach(InetAddress.getLoopbackAddress(), keys)));
    int port = Integer.parseInt(far.self().tcp().replaceAll(".*:", ""));
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLSocket socket =
            (SSLSocket)
                JobKeys.pinned(keys.fingerprint())
                    .getSocketFactory()
                    .createSocket(plain, "job", port, true)) {
      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                socket.getInputStream().read();
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void hostsThatDoNotListenToOthersAreNotReached() throws Exception {
    Switchboard far = board("far", "host-b", Optional.empty());
    Switchboard near = board("near", "host-a", Optional.empty());
    assertThatThrownBy(() -> near.link(far.self()))
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("open the job to other hosts");
  }

  /// Malformed, oversized, truncated and repeated frames at a live port: none reaches an actor
  /// unless it is a whole frame of a peer that has shown the token, and the process continues.
  @Test
  void aFuzzedPortNeverFails() throws Exception {
    Logger log = Logger.getLogger(Link.class.getName());
    log.setLevel(Level.OFF);
    try {
      fuzz();
    } finally {
      log.setLevel(Level.INFO);
    }
  }

  private void fuzz() throws IOException {
    Switchboard far = board("far", "host", Optional.empty());
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(far.self().socket());
    byte[] hello = hello(TOKEN);
    byte[] stranger = hello(new byte[] {0});
    RandomGenerator random = RandomGeneratorFactory.getDefault().create(11);
    int perConnection = 50;
    for (int i = 0; i < Fuzz.count() / perConnection; i++) {
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        channel.connect(address);
        send(channel, random.nextInt(4) == 0 ? Fuzz.mutant(stranger, random) : hello);
        for (int k = 0; k < perConnection; k++) {
          send(channel, Fuzz.mutant(frame(random.nextInt(7), k + 1), random));
        }
      } catch (IOException e) {
        assertThat(e).as("the port has given the connection up").isNotNull();
      }
    }
    Link link = board("near", "host", Optional.empty()).link(far.self());
    assertThat(echo(link, new byte[] {1})).containsExactly(1);
  }

  @Test
  void aStrangerReachesNothing() throws Exception {
    Switchboard far = board("far", "host", Optional.empty());
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(far.self().socket()));
      send(
          channel,
          concat(hello(new byte[] {0}), bytes(new Frame.Call(1, 1, 0, 1000, new byte[0]), 1)));
      assertThat(channel.read(ByteBuffer.allocate(1))).isNegative();
    }
    assertThat(numCalls.get()).isZero();
  }

  private static void send(SocketChannel channel, byte[] bytes) throws IOException {
    ByteBuffer out = ByteBuffer.wrap(bytes);
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static byte[] hello(byte[] token) {
    byte[] introduction =
        new Codecs(List.of(), Limits.defaults())
            .of(Handshake.Introduction.class)
            .encode(
                List.of(
                    new Handshake.Introduction(
                        1, token, new ProcessAddress("fuzz", "host", "", ""))),
                Session.NONE);
    return bytes(new Frame.Hello(introduction), 0);
  }

  private static byte[] frame(int kind, int sequence) {
    Frame frame =
        switch (kind) {
          case 0 -> new Frame.Call(sequence, 1, 0, 1_000_000, new byte[20]);
          case 1 -> new Frame.Cast(1, 0, new byte[3]);
          case 2 -> new Frame.Reply(1, new byte[4]);
          case 3 -> new Frame.Item(1, new byte[4]);
          case 4 -> new Frame.Credit(1, 3);
          case 5 ->
              new Frame.Call(
                  sequence,
                  1,
                  CallChain.MARK,
                  1_000_000,
                  CallChain.NONE.then(new CallChain.Waiter(1, 2, "a[0].b")).before(new byte[9]));
          default -> new Frame.Failure(1, new byte[4]);
        };
    return bytes(frame, sequence);
  }

  private static byte[] bytes(Frame frame, int sequence) {
    byte[] payload = Frames.payload(frame);
    ByteBuffer out = ByteBuffer.allocate(64 + payload.length);
    Frames.writeHead(frame, payload.length, sequence, out);
    out.put(payload).flip();
    byte[] bytes = new byte[out.remaining()];
    out.get(bytes);
    return bytes;
  }
}
