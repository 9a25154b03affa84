package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Alarm;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.EndpointFailed;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.MemoryNetwork;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.Transport;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Limits;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Links over memory, with a peer that the test answers for.
class LinkTest {
  private static final byte[] TOKEN = {1, 2, 3};
  private static final Duration LONG = Duration.ofMinutes(1);

  private final BlockingQueue<ServedCall> calls = new LinkedBlockingQueue<>();
  private final MemoryNetwork near = MemoryNetwork.create("near", "host");
  private final MemoryNetwork far = near.join("far", "host");
  private final List<Switchboard> boards = new ArrayList<>();

  private final class Recording implements Link.Handler {
    @Override
    public void call(ServedCall call) {
      calls.add(call);
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {}
  }

  private Switchboard board(Network network, byte[] token, LinkSettings settings) {
    return board(network, token, settings, Clock.system());
  }

  private Switchboard board(Network network, byte[] token, LinkSettings settings, Clock clock) {
    Switchboard board = new Switchboard(network, token, new Recording(), clock, settings);
    boards.add(board);
    return board;
  }

  private Link connect() {
    board(far, TOKEN, LinkSettings.defaults());
    return board(near, TOKEN, LinkSettings.defaults()).link(far.self());
  }

  /// Holds connections before they begin.
  private record Slow(Network network, CountDownLatch begun, CountDownLatch released)
      implements Network {
    @Override
    public ProcessAddress self() {
      return network.self();
    }

    @Override
    public Transport connect(ProcessAddress to) throws IOException {
      Transport transport = network.connect(to);
      return new Transport() {
        @Override
        public void start(Receiver receiver) {
          begun.countDown();
          try {
            released.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          transport.start(receiver);
        }

        @Override
        public void send(Frame frame) {
          transport.send(frame);
        }

        @Override
        public void trust() {
          transport.trust();
        }

        @Override
        public void flush() {
          transport.flush();
        }

        @Override
        public void close() {
          transport.close();
        }
      };
    }

    @Override
    public void listen(Acceptor acceptor) {
      network.listen(acceptor);
    }

    @Override
    public void close() {
      network.close();
    }
  }

  @Test
  void nobodyFindsALinkThatHasNotSaidHello() throws Exception {
    board(far, TOKEN, LinkSettings.defaults());
    Slow slow = new Slow(near, new CountDownLatch(1), new CountDownLatch(1));
    Switchboard board = board(slow, TOKEN, LinkSettings.defaults());
    Thread first = Thread.ofPlatform().start(() -> board.link(far.self()));
    slow.begun().await();

    AtomicReference<Optional<Link>> found = new AtomicReference<>(Optional.empty());
    Thread second = Thread.ofPlatform().start(() -> found.set(Optional.of(board.link(far.self()))));
    while (found.get().isEmpty() && second.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(found.get()).as("a link that is not begun").isEmpty();

    slow.released().countDown();
    first.join();
    second.join();
    assertThat(found.get().orElseThrow().isUp()).isTrue();
  }

  /// Counts the actions that have run.
  private record Counting(Clock clock, CountDownLatch actions) implements Clock {
    @Override
    public long nanos() {
      return clock.nanos();
    }

    @Override
    public Alarm at(long nanos, Runnable action) {
      return clock.at(
          nanos,
          () -> {
            action.run();
            actions.countDown();
          });
    }
  }

  @Test
  void aPeerThatIsSlowToSayHelloHearsNoHeartbeatBefore() throws Exception {
    Counting clock = new Counting(Clock.system(), new CountDownLatch(5));
    LinkSettings beating =
        LinkSettings.defaults().withDetection(Duration.ofMillis(2), Duration.ofMinutes(1));
    board(far, TOKEN, beating, clock);
    Slow slow = new Slow(near, new CountDownLatch(1), new CountDownLatch(1));
    Switchboard board = board(slow, TOKEN, LinkSettings.defaults());
    AtomicReference<Optional<Link>> found = new AtomicReference<>(Optional.empty());
    Thread first = Thread.ofPlatform().start(() -> found.set(Optional.of(board.link(far.self()))));
    clock.actions().await(); // beats of the far side
    slow.released().countDown();
    first.join();
    Link link = found.get().orElseThrow();
    assertThat(link.peer()).isEqualTo(far.self());
    assertThat(link.isUp()).isTrue();
  }

  /// Connects only when it is allowed to.
  private record Frozen(Network network, CountDownLatch allowed) implements Network {
    @Override
    public ProcessAddress self() {
      return network.self();
    }

    @Override
    public void begin(String name, Runnable connecting) {
      Thread.ofPlatform().daemon().name(name).start(connecting);
    }

    @Override
    public Transport connect(ProcessAddress to) throws IOException {
      try {
        allowed.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return network.connect(to);
    }

    @Override
    public void listen(Acceptor acceptor) {
      network.listen(acceptor);
    }

    @Override
    public void close() {
      network.close();
    }
  }

  @Test
  void eachCallerWaitsForAConnectionAsLongAsItMay() throws Exception {
    board(far, TOKEN, LinkSettings.defaults());
    Frozen frozen = new Frozen(near, new CountDownLatch(1));
    Switchboard board = board(frozen, TOKEN, LinkSettings.defaults());
    BlockingQueue<Link> made = new LinkedBlockingQueue<>();
    Thread patient = Thread.ofVirtual().start(() -> made.add(board.link(far.self())));
    assertThatThrownBy(
            () -> board.link(far.self(), Deadline.in(Clock.system(), Duration.ofMillis(20))))
        .isInstanceOf(CallTimedOut.class)
        .hasMessageContaining("connection to");
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> board.link(far.self(), Deadline.in(Clock.system(), LONG)))
        .isInstanceOf(CallCancelled.class);
    assertThat(Thread.interrupted()).as("the interrupt").isTrue();
    assertThat(made).isEmpty();

    frozen.allowed().countDown();
    Link link = made.take();
    patient.join();
    assertThat(link.isUp()).isTrue();
    assertThat(board.link(far.self())).isSameAs(link);
  }

  @Test
  void aConnectionThatFailsIsTriedAgain() {
    Switchboard board = board(near, TOKEN, LinkSettings.defaults());
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> board.link(far.self()))
          .isInstanceOf(ReplicaLost.class)
          .hasMessageContaining("cannot reach far");
    }
    board(far, TOKEN, LinkSettings.defaults());
    assertThat(board.link(far.self()).isUp()).isTrue();
  }

  private static OpenCall call(Link link, byte[] arguments, Duration timeout) {
    return link.call("test", new Link.Target(5, 6), arguments, timeout, link.session());
  }

  @AfterEach
  void close() {
    boards.forEach(Switchboard::close);
  }

  @Test
  void aCallIsAnsweredWithItsResult() throws Exception {
    OpenCall call = call(connect(), new byte[] {7}, LONG);
    ServedCall served = calls.take();
    assertThat(served.actor()).isEqualTo(5);
    assertThat(served.method()).isEqualTo(6);
    assertThat(served.arguments()).containsExactly(7);
    served.reply(new byte[] {8});
    assertThat(call.await(LinkTest.class.getClassLoader())).containsExactly(8);
  }

  @Test
  void aCallSaysWhichActorsWaitForIt() throws Exception {
    Link link = connect();
    CallChain waiting = CallChain.NONE.then(new CallChain.Waiter(9, 2, "a[0].ask"));
    Link.Target target = new Link.Target(5, 6, waiting);
    OpenCall call = link.call("test", target, new byte[] {7}, LONG, link.session());
    ServedCall served = calls.take();
    assertThat(served.waiting()).isEqualTo(waiting);
    assertThat(served.method()).isEqualTo(6);
    assertThat(served.arguments()).containsExactly(7);
    served.reply(new byte[0]);
    assertThat(call.await(LinkTest.class.getClassLoader())).isEmpty();
    call(link, new byte[] {7}, LONG);
    assertThat(calls.take().waiting().isEmpty()).isTrue();
  }

  @Test
  void callsOfOneCallerArriveInOrder() throws Exception {
    Link link = connect();
    for (int i = 0; i < 1000; i++) {
      call(link, new byte[] {(byte) i, (byte) (i >> 8)}, LONG);
    }
    for (int i = 0; i < 1000; i++) {
      assertThat(calls.take().arguments()).containsExactly((byte) i, (byte) (i >> 8));
    }
  }

  @Test
  void anExceptionArrivesAsItselfWithItsFrames() throws Exception {
    OpenCall call = call(connect(), new byte[0], LONG);
    calls.take().fail(new IllegalStateException("bad moment", new java.io.IOException("no disk")));
    assertThatThrownBy(() -> call.await(LinkTest.class.getClassLoader()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("bad moment")
        .hasCauseInstanceOf(java.io.IOException.class)
        .satisfies(e ->
            assertThat(e.getStackTrace()[0].getMethodName())
                .isEqualTo("anExceptionArrivesAsItselfWithItsFrames"));
  }

  @Test
  void anExceptionOfAnUnknownClassKeepsItsNameAndMessage() throws Exception {
    OpenCall call = call(connect(), new byte[0], LONG);
    calls.take().fail(new LinkException("only here", 3));
    assertThatThrownBy(() -> call.await(LinkTest.class.getClassLoader()))
        .isInstanceOf(EndpointFailed.class)
        .hasMessageContaining("LinkException")
        .hasMessageContaining("only here");
  }

  /// An exception without a constructor that takes only a message.
  private static final class LinkException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LinkException(String message, int number) {
      super(message + number);
    }
  }

  @Test
  void aDeadlineFailsTheCallAndCancelsIt() throws Exception {
    OpenCall call = call(connect(), new byte[0], Duration.ofMillis(30));
    ServedCall served = calls.take();
    CountDownLatch cancelled = new CountDownLatch(1);
    served.onCancel(cancelled::countDown);
    assertThatThrownBy(() -> call.await(LinkTest.class.getClassLoader()))
        .isInstanceOf(CallTimedOut.class)
        .hasMessageContaining("call=test");
    cancelled.await();
    served.reply(new byte[0]);
  }

  @Test
  void anInterruptCancelsTheCallAndStaysSet() throws Exception {
    OpenCall call = call(connect(), new byte[0], LONG);
    ServedCall served = calls.take();
    CountDownLatch cancelled = new CountDownLatch(1);
    served.onCancel(cancelled::countDown);
    AtomicReference<Optional<Throwable>> thrown = new AtomicReference<>(Optional.empty());
    AtomicReference<Boolean> interrupted = new AtomicReference<>(false);
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                call.await(LinkTest.class.getClassLoader());
              } catch (CallCancelled e) {
                thrown.set(Optional.of(e));
                interrupted.set(Thread.currentThread().isInterrupted());
              }
            });
    caller.interrupt();
    caller.join();
    cancelled.await();
    assertThat(thrown.get()).isPresent();
    assertThat(interrupted.get()).isTrue();
  }

  @Test
  void theEndOfTheConnectionFailsEveryOpenCallAtOnce() throws Exception {
    Link link = connect();
    List<OpenCall> open = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      open.add(call(link, new byte[0], LONG));
    }
    calls.take();
    boards.getFirst().close();
    for (OpenCall call : open) {
      assertThatThrownBy(() -> call.await(LinkTest.class.getClassLoader()))
          .isInstanceOf(ReplicaLost.class);
    }
    assertThat(link.numOpen()).isZero();
    assertThat(link.isUp()).isFalse();
  }

  @Test
  void whatThePeerCalledIsCancelledWhenItIsGone() throws Exception {
    connect();
    call(boards.get(1).link(far.self()), new byte[0], LONG);
    ServedCall served = calls.take();
    CountDownLatch cancelled = new CountDownLatch(1);
    served.onCancel(cancelled::countDown);
    boards.get(1).close();
    cancelled.await();
    assertThat(served.isCancelled()).isTrue();
  }

  @Test
  void aPeerWithoutTheTokenIsRefused() {
    board(far, TOKEN, LinkSettings.defaults());
    Switchboard stranger = board(near, new byte[] {9}, LinkSettings.defaults());
    assertThatThrownBy(() -> stranger.link(far.self()).peer()).isInstanceOf(ReplicaLost.class);
    assertThat(calls).isEmpty();
  }

  @Test
  void argumentsOverTheLimitAreRefusedBeforeTheyAreSent() {
    LinkSettings small = LinkSettings.defaults().withLimits(Limits.defaults().withMaxBytes(1024));
    board(far, TOKEN, small);
    Link link = board(near, TOKEN, small).link(far.self());
    assertThatThrownBy(() -> call(link, new byte[1024], LONG))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("test take 1024 bytes")
        .hasMessageContaining("wire.maxBytes=1024");
    assertThat(link.isUp()).isTrue();
  }

  @Test
  void aLinkUsesTheConnectionThatThePeerMade() throws Exception {
    Link link = connect();
    ProcessAddress peer = link.peer();
    Link back = boards.getFirst().link(near.self());
    call(back, new byte[] {1}, LONG);
    assertThat(calls.take().link()).isSameAs(link);
    assertThat(peer).isEqualTo(far.self());
  }

  @Test
  void aSilentPeerIsLostAfterTheHeartbeatTimeout() {
    LinkSettings quick =
        LinkSettings.defaults().withDetection(Duration.ofMillis(10), Duration.ofMillis(50));
    Switchboard board = board(near, TOKEN, quick);
    far.listen(transport -> transport.start(new Deaf()));
    Link link = board.link(far.self());
    assertThatThrownBy(link::peer)
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("link.heartbeatTimeout");
  }

  private static final class Deaf implements Transport.Receiver {
    @Override
    public void receive(dev.burnish.wire.Frame frame) {}

    @Override
    public void ended(Throwable cause) {}
  }
}
