package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.link.FaultyTransport.Faults;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.MemoryNetwork;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/// A dropped, duplicated or reordered frame never makes a call run twice, answer wrongly or hang.
class FaultInjectionTest {
  private static final int NUM_CALLS = 400;

  private record Outcome(int numAnswered, int numLost, int numFaults) {}

  @Test
  void doubledFramesAreDropped() throws Exception {
    int numFaults = 0;
    for (long seed = 0; seed < 20; seed++) {
      Outcome outcome = run(seed, new Faults(0, 100, 0));
      assertThat(outcome.numAnswered()).as("seed=%d", seed).isEqualTo(NUM_CALLS);
      numFaults += outcome.numFaults();
    }
    assertThat(numFaults).isPositive();
  }

  @Test
  void aLostFrameFailsWhatIsOpenAndNothingElse() throws Exception {
    int numLost = 0;
    for (long seed = 0; seed < 20; seed++) {
      numLost += run(seed, new Faults(5, 0, 0)).numLost();
    }
    assertThat(numLost).isPositive();
  }

  @Test
  void aReorderedFrameFailsWhatIsOpenAndNothingElse() throws Exception {
    int numLost = 0;
    for (long seed = 0; seed < 20; seed++) {
      numLost += run(seed, new Faults(0, 0, 5)).numLost();
    }
    assertThat(numLost).isPositive();
  }

  /// Every call ends: with its own answer, or lost. Each runs at most once.
  private static Outcome run(long seed, Faults faults) throws Exception {
    MemoryNetwork near = MemoryNetwork.create("near", "host");
    MemoryNetwork far = near.join("far", "host");
    List<FaultyTransport> transports = new ArrayList<>();
    Faulty faulty = new Faulty(near, seed, faults, transports);
    LinkSettings settings =
        LinkSettings.defaults().withDetection(Duration.ofMillis(50), Duration.ofMillis(400));
    Set<Long> ran = ConcurrentHashMap.newKeySet();
    AtomicInteger numTwice = new AtomicInteger();
    Link.Handler echo = new Echo(ran, numTwice);
    int numAnswered = 0;
    int numLost = 0;
    try (Switchboard callee = new Switchboard(far, new byte[] {1}, echo, Clock.system(), settings);
        Switchboard caller =
            new Switchboard(faulty, new byte[] {1}, echo, Clock.system(), settings)) {
      List<OpenCall> open = new ArrayList<>();
      for (int i = 0; i < NUM_CALLS; i++) {
        Link link = caller.link(callee.self());
        open.add(
            link.call(
                "call " + i,
                new Link.Target(i, 0),
                bytes(i),
                Duration.ofMinutes(1),
                link.session()));
      }
      for (int i = 0; i < NUM_CALLS; i++) {
        try {
          assertThat(open.get(i).await(FaultInjectionTest.class.getClassLoader()))
              .as("seed=%d call=%d", seed, i)
              .isEqualTo(bytes(i));
          numAnswered++;
        } catch (ReplicaLost e) {
          numLost++;
        }
      }
    }
    assertThat(numTwice.get()).as("seed=%d", seed).isZero();
    return new Outcome(
        numAnswered, numLost, transports.stream().mapToInt(FaultyTransport::numFaults).sum());
  }

  private static byte[] bytes(int i) {
    return new byte[] {(byte) i, (byte) (i >> 8)};
  }

  private record Echo(Set<Long> ran, AtomicInteger numTwice) implements Link.Handler {
    @Override
    public void call(ServedCall call) {
      if (!ran.add(call.actor())) {
        numTwice.incrementAndGet();
      }
      call.reply(call.arguments());
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {}
  }

  private record Faulty(Network inner, long seed, Faults faults, List<FaultyTransport> transports)
      implements Network {
    @Override
    public ProcessAddress self() {
      return inner.self();
    }

    @Override
    public Transport connect(ProcessAddress to) throws IOException {
      FaultyTransport transport =
          new FaultyTransport(
              inner.connect(to),
              RandomGeneratorFactory.getDefault().create(seed + transports.size()),
              faults);
      transports.add(transport);
      return transport;
    }

    @Override
    public void listen(Acceptor acceptor) {
      inner.listen(acceptor);
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
