package dev.burnish.rl.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.rl.loop.Groups;
import dev.burnish.rollout.ScoredGroup;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BufferClientTest {
  private final Map<Long, ScoredGroup> journal = new HashMap<>();

  private Held<ScoredGroup> group(long position, long version) {
    ScoredGroup group = Groups.of(position, position, version);
    journal.put(position, group);
    return new Held<>(position, version, group);
  }

  private BufferClient client(ReplayBuffer buffer, BufferConfig config) {
    return new BufferClient(buffer, config, journal::get);
  }

  /// A service of one replica: its process is lost before or after some calls, and an idempotent
  /// call is made again at the next, which is empty; other calls arrive twice.
  private static ReplayBuffer unreliable(BufferConfig config, Random random) {
    AtomicReference<ReplayBuffer> process = new AtomicReference<>(new MemoryBuffer(config));
    return (ReplayBuffer)
        Proxy.newProxyInstance(
            ReplayBuffer.class.getClassLoader(),
            new Class<?>[] {ReplayBuffer.class},
            (_, method, arguments) -> {
              try {
                int happens = random.nextInt(60);
                if (happens == 0) {
                  process.set(new MemoryBuffer(config));
                } else if (happens == 1) {
                  method.invoke(process.get(), arguments);
                  process.set(new MemoryBuffer(config));
                } else if (happens == 2) {
                  method.invoke(process.get(), arguments);
                }
                return method.invoke(process.get(), arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void lossesOfTheProcessChangeNoBatchOfAnySelection() throws Exception {
    List<BufferConfig> configs =
        List.of(
            BufferConfig.fifo(2, 1),
            BufferConfig.fifo(2, 1).withSelection(new Selection.Windowed(3), 8),
            new BufferConfig(2, 6, 3, new Selection.Uniform(2), 5),
            new BufferConfig(2, 6, 3, new Selection.Prioritised(0.6, 0.4, 3), 5));
    for (BufferConfig config : configs) {
      for (int seed = 0; seed < 50; seed++) {
        BufferClient straight = client(new MemoryBuffer(config), config);
        BufferClient disturbed = client(unreliable(config, new Random(seed)), config);
        for (long version = 0; version < 12; version++) {
          for (BufferClient each : List.of(straight, disturbed)) {
            each.add(group(3 * version + 1, version));
            each.skip(3 * version + 2);
            each.add(group(3 * version, version));
            each.prioritise(3 * version, version + 1.0);
          }
          if (config.selection() instanceof Selection.Fifo && version > 1) {
            break;
          }
          Batch<ScoredGroup> batch = straight.take(version);
          assertThat(disturbed.take(version).positions())
              .as("%s seed=%d", config.selection(), seed)
              .isEqualTo(batch.positions());
          Batch<ScoredGroup> again = disturbed.take(version);
          assertThat(again.weights()).isEqualTo(batch.weights());
          assertThat(again.groups().stream().map(Groups::text))
              .isEqualTo(batch.groups().stream().map(Groups::text).toList());
          straight.release(version);
          disturbed.release(version);
          assertThat(disturbed.snapshot()).isEqualTo(straight.snapshot());
        }
      }
    }
  }

  @Test
  void aLossThatIsNotMadeGoodIsThrownAndTheNextCallFillsTheBuffer() throws Exception {
    BufferConfig config = BufferConfig.fifo(1, 1);
    AtomicReference<ReplayBuffer> process = new AtomicReference<>(new MemoryBuffer(config));
    AtomicReference<Integer> failures = new AtomicReference<>(0);
    ReplayBuffer buffer =
        (ReplayBuffer)
            Proxy.newProxyInstance(
                ReplayBuffer.class.getClassLoader(),
                new Class<?>[] {ReplayBuffer.class},
                (_, method, arguments) -> {
                  if (failures.getAndUpdate(n -> n - 1) > 0) {
                    throw new ReplicaLost("gone");
                  }
                  return method.invoke(process.get(), arguments);
                });
    BufferClient client = client(buffer, config);
    client.add(group(0, 0));
    failures.set(1);
    Held<ScoredGroup> next = group(1, 0);
    assertThatThrownBy(() -> client.add(next)).isInstanceOf(ReplicaLost.class);
    process.set(new MemoryBuffer(config));
    client.add(next);
    assertThat(client.take(0).positions()).containsExactly(0L);
    assertThat(client.take(1).positions()).containsExactly(1L);
  }

  @Test
  void addWaitsForRoomAndTakeForItsBatch() throws Exception {
    BufferConfig config = BufferConfig.fifo(1, 0);
    BufferClient client = client(new MemoryBuffer(config), config);
    CountDownLatch done = new CountDownLatch(1);
    List<Held<ScoredGroup>> groups = List.of(group(0, 0), group(1, 0));
    Thread adding =
        Thread.ofVirtual()
            .start(() -> {
              try {
                client.add(groups.get(0));
                client.add(groups.get(1));
                done.countDown();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    assertThat(client.take(0).positions()).containsExactly(0L);
    done.await();
    adding.join();
    assertThat(client.holds(1)).isTrue();
  }

  @Test
  void aFailureEndsEveryWait() throws Exception {
    BufferConfig config = BufferConfig.fifo(1, 0);
    BufferClient client = client(new MemoryBuffer(config), config);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread taking =
        Thread.ofVirtual()
            .start(() -> {
              try {
                client.take(0);
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    client.fail(new IllegalStateException("rollouts are gone"));
    taking.join();
    assertThat(thrown.get()).hasMessage("rollouts are gone");
    assertThatThrownBy(() -> client.take(0)).hasMessage("rollouts are gone");
  }

  @Test
  void aCallForOtherContentIsRefused() {
    MemoryBuffer buffer = new MemoryBuffer(BufferConfig.fifo(1, 0));
    assertThatThrownBy(() -> buffer.add(3, group(0, 0)))
        .isInstanceOf(UnknownIncarnationException.class)
        .hasMessageContaining("incarnation=0 expected=3");
    Snapshot<Long> state =
        new Snapshot<>(
            List.of(new Snapshot.Kept<>(new Held<>(0, 0, 0L), 0, 0, 1)),
            0,
            List.of(),
            List.of(),
            1,
            new Snapshot.Counts(0, 0));
    assertThatThrownBy(() -> buffer.restore(1, state)).hasMessageContaining("missing=0");
    buffer.hold(1, group(0, 0));
    buffer.restore(1, state);
    buffer.restore(1, state);
    assertThat(buffer.take(1, 0).positions()).containsExactly(0L);
    assertThatThrownBy(() -> buffer.restore(0, Snapshot.from(0)))
        .isInstanceOf(UnknownIncarnationException.class);
    assertThatThrownBy(() -> buffer.group(1, 7)).hasMessageContaining("position=7");
  }
}
