package dev.burnish.store.relay;

import static dev.burnish.store.relay.HostsInOneProcess.BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.concurrent.Scope;
import dev.burnish.link.Region;
import dev.burnish.store.MappedWeights;
import dev.burnish.store.Published;
import dev.burnish.store.WeightsException;
import dev.burnish.store.relay.HostsInOneProcess.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A version goes to several hosts, which pass it on, fail in the middle and come again.
@Timeout(60)
class RelayedWeightsTest {
  private static final float[] VALUES = {1, 2, 0, 3, 4};

  @TempDir private Path folder;

  private static void requireWhole(Published published, float... values) {
    try (MappedWeights mapped = MappedWeights.of(published, HostsInOneProcess.LAYOUTS)) {
      mapped.checkAll();
      for (int part : new int[] {0, 1, 3, 4}) {
        float[] there = mapped.weights().part(part).toFloatArray();
        assertThat(there[0]).isEqualTo(values[part]);
        assertThat(there[there.length - 1]).isEqualTo(values[part]);
      }
    }
  }

  private static void getAll(List<Host> hosts, long version, float... values) {
    List<Host> _ =
        Scope.map(
            hosts,
            host -> {
              requireWhole(host.copies().get("policy", version), values);
              return host;
            });
  }

  private static long sum(List<Long> bytes) {
    return bytes.stream().flatMapToLong(LongStream::of).sum();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void theSourceSendsEachByteOnceAndEachHostGetsItOnce(int numHosts) throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, numHosts)) {
      all.publish(1, VALUES);
      getAll(all.hosts(), 1, VALUES);
      getAll(all.hosts(), 1, VALUES);
      for (Host host : all.hosts()) {
        assertThat(sum(host.copies().received())).isEqualTo(BYTES + 1);
      }
      assertThat(all.sent().getFirst()).isEqualTo(BYTES + 1);
      assertThat(all.sent().subList(1, numHosts + 1)).allMatch(sent -> sent <= BYTES);
    }
  }

  @Test
  void onlyPartsThatHaveChangedComeAgain() throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 2)) {
      all.publish(1, VALUES);
      getAll(all.hosts(), 1, VALUES);
      float[] next = {1, 2, 0, 3, 5};
      all.publish(2, next);
      getAll(all.hosts(), 2, next);
      long changed = 4L * HostsInOneProcess.LAYOUTS.get(4).size();
      assertThat(sum(all.host(0).copies().received())).isEqualTo(BYTES + 1 + changed);
      requireWhole(all.host(0).copies().get("policy", 1), VALUES);
    }
  }

  @Test
  void onlyTheChangesMoveBetweenHostsThatHaveTheVersionBefore() throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 3, Transfer.CHANGES)) {
      all.publish(1, VALUES);
      getAll(all.hosts(), 1, VALUES);
      for (int version = 2; version <= 4; version++) {
        float[] next = {version, 2, 0, 3.5f, version + 1};
        all.publish(version, next);
        all.retain(version);
        getAll(all.hosts(), version, next);
      }
      for (Host host : all.hosts()) {
        assertThat(sum(host.copies().received())).isBetween(BYTES, BYTES + BYTES / 10);
      }
      all.host(1).close();
      all.startAgain(1);
      getAll(all.hosts(), 4, 4, 2, 0, 3.5f, 5);
      assertThat(sum(all.host(1).copies().received())).isEqualTo(BYTES + 1);
    }
  }

  @Test
  void laterVersionsComeWithoutBeingAskedFor() throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 1)) {
      all.publish(1, VALUES);
      getAll(all.hosts(), 1, VALUES);
      AtomicInteger begun = new AtomicInteger();
      try (FaultPoint.Installed _ =
          FaultPoint.install(point -> {
            if (point.equals("host.coming")) {
              begun.incrementAndGet();
            }
          })) {
        all.publish(2, 5, 6, 0, 7, 8);
        while (begun.get() == 0 && !Thread.interrupted()) {
          Thread.onSpinWait();
        }
        getAll(all.hosts(), 2, 5, 6, 0, 7, 8);
        assertThat(begun).hasValue(1);
      }
    }
  }

  @Test
  void aVersionThatIsNotPublishedIsAnErrorThatNamesThoseThatAre() throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 2)) {
      all.publish(3, VALUES);
      assertThatThrownBy(() -> all.host(1).copies().get("policy", 4))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("version=4 versions=[3]");
    }
  }

  /// One that has passed on a part of its stripe; the others finish, and nothing comes twice.
  @Test
  void aRelayThatIsLostInTheMiddleIsReplacedAndWhatHasComeIsKept() throws Exception {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 5)) {
      all.publish(1, VALUES);
      AtomicInteger blocks = new AtomicInteger();
      // On a thread of its own: the one at the point may be one that the host waits for.
      Thread losing = Thread.ofPlatform().unstarted(all.host(1)::close);
      try (FaultPoint.Installed _ =
          FaultPoint.install(point -> {
            if (point.equals("bulk.received") && blocks.incrementAndGet() == 12) {
              losing.start();
            }
            if (blocks.get() >= 12 && Thread.currentThread().getName().contains("host1-")) {
              join(losing);
            }
          })) {
        getAll(Stream.of(0, 2, 3, 4).map(all::host).toList(), 1, VALUES);
        losing.join();
      }
      for (int i : new int[] {0, 2, 3, 4}) {
        assertThat(sum(all.host(i).copies().received())).isEqualTo(BYTES + 1);
      }
      assertThat(all.sent().getFirst()).isLessThanOrEqualTo(2 * BYTES);
      all.startAgain(1);
      getAll(all.hosts(), 1, VALUES);
    }
  }

  /// Those who read from the lost one have not got all of it.
  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// The peers have all: the source sends the newcomer no more than its own stripe.
  @Test
  void aNewcomerTakesFromItsPeers() throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 4)) {
      all.publish(1, VALUES);
      getAll(all.hosts(), 1, VALUES);
      all.host(3).close();
      all.startAgain(3);
      getAll(all.hosts(), 1, VALUES);
      List<Long> received = all.host(3).copies().received();
      assertThat(sum(received)).isEqualTo(BYTES + 1);
      assertThat(received.getFirst()).isLessThanOrEqualTo(BYTES / 3);
    }
  }

  @Test
  void memoryOfVersionsThatAreDroppedIsWrittenAgain() throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 2)) {
      long before = numRegions();
      for (int version = 1; version <= 12; version++) {
        float[] values = {version, version + 1, 0, version + 2, version + 3};
        all.publish(version, values);
        all.retain(version - 1);
        getAll(all.hosts(), version, values);
      }
      int numParts = HostsInOneProcess.LAYOUTS.size();
      assertThat(numRegions() - before).isLessThanOrEqualTo(4L * numParts * 3);
    }
  }

  private static long numRegions() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.filter(RelayedWeightsTest::isRegion).count();
    }
  }

  private static boolean isRegion(Path file) {
    try {
      String target = Files.readSymbolicLink(file).toString();
      return target.contains("burnish-region-") || target.startsWith("/dev/shm/#");
    } catch (IOException e) {
      return false;
    }
  }

  /// A peer whose memory is broken: what it has sent is read again from the source.
  @Test
  void aPartThatComesDamagedComesAgainFromTheSource() throws IOException {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 2)) {
      all.publish(1, VALUES);
      getAll(List.of(all.host(0)), 1, VALUES);
      try (Published here = all.host(0).copies().coming("policy", 1)) {
        for (Region part : here.parts()) {
          part.segment().asSlice(0, Math.min(part.size(), 3)).fill((byte) 77);
        }
      }
      getAll(List.of(all.host(1)), 1, VALUES);
      assertThat(all.host(1).copies().received().get(1)).isGreaterThan(0);
    }
  }

  /// A host that waits itself says so, and is not taken for lost.
  @Test
  void aHostThatWaitsForItsSenderIsWaitedFor() throws Exception {
    try (HostsInOneProcess all = new HostsInOneProcess(folder, 3)) {
      all.publish(1, VALUES);
      try (FaultPoint.Installed _ =
          FaultPoint.install(point -> {
            if (point.equals("bulk.received")
                && Thread.currentThread().getName().contains("source")) {
              pause();
            }
          })) {
        getAll(all.hosts(), 1, VALUES);
      }
      assertThat(all.sent().getFirst()).isEqualTo(BYTES + 1);
    }
  }

  /// A slow source, not a wait for something: the peers' patience is 3 s.
  private static void pause() {
    try {
      Thread.sleep(700);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
