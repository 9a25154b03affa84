package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.Region;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.mesh.JobOptions.Processes;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Regions that were given away, and that nobody takes: each ends.
class RegionLeaksTest {
  private static final Queue<Region> MADE = new ConcurrentLinkedQueue<>();
  private static CountDownLatch mayReturn = new CountDownLatch(1);

  private static final Duration LONGEST = Duration.ofSeconds(60);

  private final long began = System.nanoTime();
  private final Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
  private final OwnedMesh<Maker> mesh =
      job.hosts().spawnProcs(Map.of("procs", 1)).spawn("maker", Maker.class, MakerActor::new);

  record Pair(Region region, String text) {}

  /// An iterator with one region.
  private record Left(Region region) implements Iterator<Region>, AutoCloseable {
    @Override
    public boolean hasNext() {
      return true;
    }

    @Override
    public Region next() {
      return region;
    }

    @Override
    public void close() {
      region.close();
    }
  }

  interface Maker {
    Region late();

    Iterator<Region> lateStream();

    Region now();

    Iterator<Region> many(int count);

    Iterator<Region> failing();

    Pair tooLarge();

    int take(Iterator<Region> regions, int count);

    void tell(Consumer<Region> listener);
  }

  private static Region made() {
    Region region = Region.allocate(1000);
    MADE.add(region);
    return region;
  }

  static final class MakerActor implements Maker {
    @Override
    public Region late() {
      awaitReturn();
      return made();
    }

    @Override
    public Iterator<Region> lateStream() {
      awaitReturn();
      return new Left(made());
    }

    private static void awaitReturn() {
      boolean waits = true;
      while (waits) {
        try {
          mayReturn.await();
          waits = false;
        } catch (InterruptedException e) {
          // The caller's deadline: the result is computed nevertheless.
        }
      }
    }

    @Override
    public Region now() {
      return made();
    }

    @Override
    public Iterator<Region> many(int count) {
      return java.util.stream.Stream.generate(RegionLeaksTest::made).limit(count).iterator();
    }

    @Override
    public Iterator<Region> failing() {
      return new Iterator<>() {
        private int numLeft = 3;

        @Override
        public boolean hasNext() {
          return true;
        }

        @Override
        public Region next() {
          if (numLeft-- == 0) {
            throw new IllegalStateException("of a test");
          }
          return made();
        }
      };
    }

    @Override
    public Pair tooLarge() {
      return new Pair(made(), "x".repeat(20 << 20));
    }

    @Override
    public int take(Iterator<Region> regions, int count) {
      int sum = 0;
      for (int i = 0; i < count; i++) {
        try (Region region = regions.next()) {
          sum += region.segment().get(ValueLayout.JAVA_BYTE, 0);
        }
      }
      return sum;
    }

    @Override
    public void tell(Consumer<Region> listener) {
      try (Region region = made()) {
        listener.accept(region);
      }
    }
  }

  @BeforeEach
  void begin() {
    MADE.clear();
    mayReturn = new CountDownLatch(1);
  }

  @AfterEach
  void close() {
    mayReturn.countDown();
    job.close();
  }

  private static boolean isClosed(Region region) {
    try {
      region.segment().get(ValueLayout.JAVA_BYTE, 0);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  private void waitOn() {
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .as("time that it takes to end %d regions", MADE.size())
        .isLessThan(LONGEST);
    Thread.onSpinWait();
  }

  private void awaitClosed(int count) {
    while (MADE.size() < count || !MADE.stream().allMatch(RegionLeaksTest::isClosed)) {
      waitOn();
    }
  }

  @Test
  void thatOfACallWhoseDeadlineHasPassed() {
    Maker maker = mesh.within(Duration.ofMillis(50)).only();
    assertThatThrownBy(maker::late).isInstanceOf(CallTimedOut.class);
    mayReturn.countDown();
    awaitClosed(1);
  }

  @Test
  void thatOfAStreamOfACallWhoseDeadlineHasPassed() {
    Maker maker = mesh.within(Duration.ofMillis(50)).only();
    assertThatThrownBy(maker::lateStream).isInstanceOf(CallTimedOut.class);
    mayReturn.countDown();
    awaitClosed(1);
  }

  @Test
  void thatOfABroadcast() {
    mesh.broadcast(Maker::now);
    awaitClosed(1);
  }

  @Test
  void thatOfAResultThatCannotBeSent() {
    Maker maker = mesh.only();
    assertThatThrownBy(maker::tooLarge).hasMessageContaining("wire.maxBytes");
    awaitClosed(1);
  }

  @Test
  void thoseOfAStreamThatIsLeft() throws Exception {
    Iterator<Region> regions = mesh.only().many(1000);
    regions.next().close();
    ((AutoCloseable) regions).close();
    awaitClosed(2);
    assertThat(MADE.size()).isLessThan(100);
  }

  @Test
  void thoseOfAStreamThatHasEndedAndIsLeft() throws Exception {
    Iterator<Region> regions = mesh.only().many(5);
    regions.next().close();
    while (MADE.size() < 5) {
      waitOn();
    }
    ((AutoCloseable) regions).close();
    awaitClosed(5);
  }

  @Test
  void thoseOfAStreamThatFailsAreTheirsWhoTakesThem() {
    Iterator<Region> regions = mesh.only().failing();
    for (int i = 0; i < 3; i++) {
      regions.next().close();
    }
    assertThatThrownBy(regions::hasNext).hasMessageContaining("of a test");
    awaitClosed(3);
  }

  @Test
  void thoseOfAnArgumentThatIsNotReadToItsEnd() {
    Queue<Region> given = new ConcurrentLinkedQueue<>();
    Iterator<Region> regions =
        java.util.stream.Stream.generate(
                () -> {
                  Region region = Region.allocate(10);
                  given.add(region);
                  return region;
                })
            .iterator();
    assertThat(mesh.only().take(regions, 2)).isZero();
    mesh.only().now().close();
    for (Region region : given) {
      region.close();
      while (!isClosed(region)) {
        waitOn();
      }
    }
  }

  @Test
  void thatOfACallback() {
    Queue<Region> heard = new ConcurrentLinkedQueue<>();
    mesh.only().tell(heard::add);
    assertThat(heard).hasSize(1);
    Region received = heard.remove();
    while (!isClosed(received)) {
      Thread.onSpinWait();
    }
    awaitClosed(1);
  }
}
