package dev.burnish.actor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.Clock;
import dev.burnish.link.Link;
import dev.burnish.link.transport.MemoryNetwork;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A message that does not decode never reaches an actor, and ends none.
@ExtendWith(QuietLog.class)
class MalformedTest {
  interface Adder {
    void add(int n);

    int sum();
  }

  static final class AdderActor implements Adder {
    private int sum;

    @Override
    public void add(int n) {
      sum += n;
    }

    @Override
    public int sum() {
      return sum;
    }
  }

  private final MemoryNetwork network = MemoryNetwork.create("near", "host");
  private final ActorSystem near = system(network);
  private final ActorSystem far = system(network.join("far", "host"));

  private static ActorSystem system(MemoryNetwork network) {
    return new ActorSystem(parts(network), ActorSystemSettings.defaults());
  }

  private static ActorSystem.Parts parts(MemoryNetwork network) {
    return new ActorSystem.Parts(
        network,
        new byte[] {1},
        Clock.system(),
        ActorSystem.Threads.virtual(),
        MalformedTest.class.getClassLoader(),
        new Codecs(List.of(), Limits.defaults()),
        Optional.empty());
  }

  @AfterEach
  void close() {
    near.close();
    far.close();
  }

  private static byte[][] malformed() {
    return new byte[][] {
      {}, {0}, {(byte) 0xff}, {(byte) 0x81}, {(byte) 0x9f, 1, 2, 3}, {1, 2, 3, 4}
    };
  }

  @Test
  void aMalformedBroadcastEndsNoActor() {
    ActorRef agent = far.serve(1, "agent", Adder.class, new AdderActor());
    ActorRef actor = far.serve("adder", Adder.class, new AdderActor());
    Link link = near.switchboard().link(far.self());
    for (ActorRef each : List.of(agent, actor)) {
      Adder adder = near.stub(Adder.class, Stub.Target.of("adder", each), Duration.ofMinutes(1));
      for (byte[] bytes : malformed()) {
        for (int method = -1; method < 3; method++) {
          link.cast("malformed", new Link.Target(each.number(), method), bytes);
        }
      }
      adder.add(5);
      assertThat(adder.sum()).isEqualTo(5);
    }
    assertThat(link.isUp()).isTrue();
  }

  @Test
  void aMalformedMessageToTheProcessEndsNoConnection() {
    Link link = near.switchboard().link(far.self());
    for (byte[] bytes : malformed()) {
      link.cast("malformed", new Link.Target(0, 0), bytes);
      assertThatThrownBy(() ->
              link.call("bad", new Link.Target(0, 0), bytes, Duration.ofMinutes(1), link.session())
                  .await(MalformedTest.class.getClassLoader()))
          .isInstanceOf(RuntimeException.class)
          .isNotInstanceOf(dev.burnish.link.failure.ReplicaLost.class);
    }
    assertThat(link.isUp()).isTrue();
  }

  /// The processes that it calls may not call it.
  @Test
  void aVisitorServesNothing() {
    try (ActorSystem visitor =
        ActorSystem.visitor(
            parts(network.join("visitor", "host")), ActorSystemSettings.defaults())) {
      ActorRef actor = far.serve("adder", Adder.class, new AdderActor());
      assertThat(
              visitor
                  .stub(Adder.class, Stub.Target.of("adder", actor), Duration.ofMinutes(1))
                  .sum())
          .isZero();
      Link back = far.switchboard().existing("visitor").orElseThrow();
      RemoteActors.Blueprint blueprint =
          far.blueprint(Adder.class, (Factory.Of0<AdderActor>) AdderActor::new, List.of());
      assertThatThrownBy(() ->
              far.remote()
                  .spawn(back, blueprint, "evil", Point.single(), far.nextNumber(), 0)
                  .await(MalformedTest.class.getClassLoader()))
          .hasMessageContaining("a visitor serves nothing");
      for (long number : new long[] {0, 1, 2, 3, 4, actor.number()}) {
        assertThatThrownBy(() ->
                back.call(
                        "any",
                        new Link.Target(number, 0),
                        new byte[0],
                        Duration.ofMinutes(1),
                        back.session())
                    .await(MalformedTest.class.getClassLoader()))
            .hasMessageContaining("a visitor serves nothing");
      }
      assertThat(visitor.actors()).isEmpty();
    }
  }
}
