package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Alarm;
import dev.burnish.link.Handshake.Side;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.Transport;
import dev.burnish.wire.Frame;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/// When a silent peer is considered lost, by a clock that the test moves.
class DetectionTest {
  private static final byte[] TOKEN = {1};

  private final HandClock clock = new HandClock();
  private final Peer peer = new Peer();
  private final Switchboard board =
      new Switchboard(peer, TOKEN, new Ignoring(), clock, LinkSettings.defaults());
  private final Link link = board.link(peer.address);

  /// Due actions run when the test moves the time; a long move is a process that did not run.
  private static final class HandClock implements Clock {
    private record Due(long nanos, Runnable action) implements Comparable<Due> {
      @Override
      public int compareTo(Due other) {
        return Long.compare(nanos, other.nanos);
      }
    }

    private final Queue<Due> due = new PriorityQueue<>();
    private long now;

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public Alarm at(long nanos, Runnable action) {
      Due added = new Due(nanos, action);
      due.add(added);
      return () -> due.remove(added);
    }

    void move(Duration time) {
      now += time.toNanos();
      while (!due.isEmpty() && due.element().nanos() <= now) {
        due.remove().action().run();
      }
    }

    void run(Duration time) {
      for (long millis = 0; millis < time.toMillis(); millis += 100) {
        move(Duration.ofMillis(100));
      }
    }
  }

  /// A process that completes the handshake, and then sends only when the test says so.
  private static final class Peer implements Network, Transport {
    private final ProcessAddress address = new ProcessAddress("peer", "there", "", "");
    private final List<Frame> sent = new ArrayList<>();
    private Optional<Receiver> receiver = Optional.empty();

    void speak() {
      receiver.orElseThrow().receive(new Frame.Heartbeat());
    }

    @Override
    public ProcessAddress self() {
      return new ProcessAddress("self", "here", "", "");
    }

    @Override
    public Transport connect(ProcessAddress to) {
      return this;
    }

    @Override
    public void listen(Acceptor acceptor) {}

    @Override
    public void start(Receiver to) {
      receiver = Optional.of(to);
    }

    @Override
    public void send(Frame frame) {
      sent.add(frame);
      if (frame instanceof Frame.Hello) {
        Handshake handshake = new Handshake(Side.CALLING, TOKEN, address, met -> {});
        receiver.orElseThrow().receive(handshake.hello().orElseThrow());
      }
    }

    @Override
    public void trust() {}

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private record Ignoring() implements Link.Handler {
    @Override
    public void call(ServedCall call) {}

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {}
  }

  @Test
  void aSilentPeerIsLostWithinTenSeconds() {
    clock.run(Duration.ofMillis(7900));
    assertThat(link.isUp()).isTrue();
    clock.run(Duration.ofMillis(2100));
    assertThat(link.isUp()).isFalse();
  }

  @Test
  void aPeerThatSpeaksNowAndThenIsNot() {
    for (int i = 0; i < 20; i++) {
      clock.run(Duration.ofSeconds(7));
      peer.speak();
    }
    assertThat(link.isUp()).isTrue();
  }

  /// Messages that the peer sent meanwhile are read a little later.
  @Test
  void timeInWhichThisProcessDidNotRunDoesNotCount() {
    clock.run(Duration.ofSeconds(3));
    clock.move(Duration.ofMinutes(5));
    assertThat(link.isUp()).isTrue();
    clock.run(Duration.ofSeconds(1));
    peer.speak();
    clock.run(Duration.ofSeconds(7));
    assertThat(link.isUp()).isTrue();
  }

  @Test
  void aPeerThatIsSilentAfterAPauseIsLostAllTheSame() {
    clock.move(Duration.ofMinutes(5));
    clock.run(Duration.ofSeconds(9));
    assertThat(link.isUp()).isFalse();
  }

  @Test
  void aProcessThatRunsInFitsDoesNotLoseItsPeers() {
    for (int i = 0; i < 20; i++) {
      clock.move(Duration.ofSeconds(6));
      clock.run(Duration.ofMillis(200));
      peer.speak();
    }
    assertThat(link.isUp()).isTrue();
  }

  /// An alarm of a call that is never cancelled stays for its minutes.
  @Test
  void aLinkThatHasEndedIsLetGoAndItsAlarmsAreTakenBack() {
    int before = clock.due.size();
    Switchboard other =
        new Switchboard(peer, TOKEN, new Ignoring(), clock, LinkSettings.defaults());
    WeakReference<Link> ended = ended(other);
    assertThat(clock.due).hasSize(before);
    while (ended.get() != null) {
      System.gc();
    }
  }

  @Test
  void callsOfALinkHaveOneAlarmForTheEarliestDeadline() {
    int before = clock.due.size();
    for (int seconds = 600; seconds > 500; seconds--) {
      Duration limit = Duration.ofSeconds(seconds);
      link.call("late", new Link.Target(1, 0), new byte[0], limit, link.session());
    }
    assertThat(clock.due).hasSize(before + 1);
    for (int i = 0; i < 501; i++) {
      peer.speak();
      clock.move(Duration.ofSeconds(1));
    }
    assertThat(link.numOpen()).isEqualTo(99);
  }

  private WeakReference<Link> ended(Switchboard other) {
    Link link = other.link(peer.address);
    link.call("late", new Link.Target(1, 0), new byte[0], Duration.ofMinutes(10), link.session());
    link.close("it is needed no more");
    peer.receiver = Optional.empty();
    return new WeakReference<>(link);
  }

  @Test
  void signsOfLifeAreSentWhileNothingElseIs() {
    clock.run(Duration.ofSeconds(5));
    assertThat(peer.sent.stream().filter(Frame.Heartbeat.class::isInstance)).hasSizeBetween(4, 6);
  }
}
