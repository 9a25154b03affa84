package dev.burnish.store.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.store.relay.RelayPlan.Edge;
import dev.burnish.store.relay.RelaySimulation.Change;
import dev.burnish.store.relay.RelaySimulation.Network;
import dev.burnish.store.relay.RelaySimulation.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Plans that must hold whatever comes and goes, and the time that they take.
class RelayTest {
  /// 540 chunks of 1 MB over cards of 10 GB/s, 50 us apart.
  private static final Network NETWORK = new Network(540, 1e-4, 5e-5, 0.01);

  private static RelayPlan plan(int numHosts, int numStripes) {
    return RelayPlan.of(0, IntStream.rangeClosed(1, numHosts).boxed().toList(), numStripes);
  }

  /// Every stripe reaches every host from the source: a circle would never end.
  private static void requireReached(RelayPlan plan, int numStripes) {
    for (int host : plan.hosts()) {
      for (int stripe = 0; stripe < numStripes; stripe++) {
        assertThat(plan.depth(host, stripe)).isBetween(1, plan.hosts().size());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,2", "2,2", "3,2", "8,1", "511,2", "512,2", "512,4", "513,4", "100,7"})
  void theSourceSendsEachStripeToOneHostAndNobodySendsMuchMoreThanItReceives(
      int numHosts, int numStripes) {
    RelayPlan plan = plan(numHosts, numStripes);
    requireReached(plan, numStripes);
    assertThat(plan.load(0)).isEqualTo(numStripes);
    for (int host : plan.hosts()) {
      assertThat(plan.load(host)).isLessThan(2 * numStripes);
    }
    assertThat(plan.hosts().stream().mapToInt(plan::load).sum())
        .isEqualTo((numHosts - 1) * numStripes);
  }

  @Test
  void aHostPassesOneStripeOnInTreesOfFewLevels() {
    RelayPlan plan = plan(512, 2);
    for (int host : plan.hosts()) {
      int passedOn = 0;
      for (int stripe = 0; stripe < 2; stripe++) {
        assertThat(plan.depth(host, stripe)).isLessThanOrEqualTo(10);
        int sent = stripe;
        passedOn +=
            plan.hosts().stream().anyMatch(other -> plan.sender(other, sent) == host) ? 1 : 0;
      }
      assertThat(passedOn).isLessThanOrEqualTo(1);
    }
  }

  /// 200 random joins and losses.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void noHostIsEverWithoutASenderNorInACircle(int numStripes) {
    for (int seed = 0; seed < 20; seed++) {
      RandomGenerator random = new SplittableRandom(seed);
      RelayPlan plan = plan(random.nextInt(1, 40), numStripes);
      int next = 100;
      for (int i = 0; i < 200; i++) {
        List<Integer> hosts = plan.hosts();
        if (hosts.isEmpty() || random.nextInt(3) == 0) {
          assertThat(plan.join(next++)).hasSize(numStripes);
        } else {
          int lost = hosts.get(random.nextInt(hosts.size()));
          List<Edge> edges = plan.lose(lost);
          assertThat(edges).noneMatch(edge -> edge.from() == lost || edge.to() == lost);
        }
        requireReached(plan, numStripes);
        assertThat(plan.load(0)).as("seed %d", seed).isLessThanOrEqualTo(2 * numStripes);
      }
    }
  }

  @Test
  void aNewcomerTakesFromPeersAndNotFromTheSource() {
    RelayPlan plan = plan(20, 2);
    assertThat(plan.join(99)).hasSize(2).noneMatch(edge -> edge.from() == 0);
    assertThat(plan.load(0)).isEqualTo(2);
  }

  @Test
  void hostsAreDifferentAndKnown() {
    assertThatThrownBy(() -> RelayPlan.of(0, List.of(1, 1), 2)).hasMessageContaining("host=1");
    assertThatThrownBy(() -> RelayPlan.of(0, List.of(0), 2)).hasMessageContaining("source=0");
    assertThatThrownBy(() -> plan(2, 0)).hasMessageContaining("numStripes=0");
    assertThatThrownBy(() -> plan(2, 2).lose(9)).hasMessageContaining("host=9");
  }

  @Test
  void oneHostTakesTheTimeOfATransfer() {
    Outcome outcome = RelaySimulation.run(NETWORK, 1, 2, List.of(), List.of());
    assertThat(outcome.seconds())
        .isCloseTo(NETWORK.oneTransfer(), org.assertj.core.data.Offset.offset(1e-9));
    assertThat(outcome.sourceShare()).isEqualTo(1);
  }

  /// Known from arithmetic: a chain of n hosts, one chunk after the other.
  @Test
  void aChainTakesAChunkMorePerHost() {
    Outcome outcome = RelaySimulation.run(NETWORK, 10, 1, List.of(), List.of());
    assertThat(outcome.seconds())
        .isCloseTo(
            NETWORK.oneTransfer() + 9 * (1e-4 + 5e-5), org.assertj.core.data.Offset.offset(1e-9));
  }

  @Test
  void manyHostsTakeLittleMoreThanOneAndTheSourceSendsOnce() {
    Outcome outcome = RelaySimulation.run(NETWORK, 64, 2, List.of(), List.of());
    assertThat(outcome.seconds()).isLessThan(1.5 * NETWORK.oneTransfer());
    assertThat(outcome.sourceShare()).isEqualTo(1);
    assertThat(outcome.numReceivers()).isEqualTo(2);
    assertThat(outcome.largestShare()).isLessThanOrEqualTo(1);
  }

  @Test
  void lostRelaysAreRoutedAroundAndOnlyWhatIsMissingIsSentAgain() {
    RandomGenerator random = new SplittableRandom(1);
    List<Change> losses = new ArrayList<>();
    IntStream.iterate(1, host -> host <= 64, host -> host + 10)
        .forEach(host -> losses.add(new Change(random.nextDouble(NETWORK.oneTransfer()), host)));
    Outcome outcome = RelaySimulation.run(NETWORK, 64, 2, losses, List.of());
    assertThat(outcome.sourceShare()).isLessThan(1.5);
    assertThat(outcome.numReceivers()).isLessThanOrEqualTo(2 + losses.size());
    assertThat(outcome.seconds())
        .isLessThan(1.5 * NETWORK.oneTransfer() + losses.size() * NETWORK.noticed());
  }

  @Test
  void oneHostInFiftyCostsLessThanHalfATransferWhereStripesAreMany() {
    RandomGenerator random = new SplittableRandom(512);
    List<Change> losses = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      losses.add(new Change(random.nextDouble(NETWORK.oneTransfer()), 1 + i * 50));
    }
    Outcome outcome = RelaySimulation.run(NETWORK, 512, 8, losses, List.of());
    assertThat(outcome.seconds()).isLessThan(1.5 * NETWORK.oneTransfer());
    assertThat(outcome.sourceShare()).isLessThan(1.05);
    assertThat(outcome.largestShare()).isLessThan(1.2);
  }

  @Test
  void latecomersGetAllWithoutTheSource() {
    double end = 2 * NETWORK.oneTransfer();
    List<Change> joins = List.of(new Change(end, 100), new Change(end, 101), new Change(end, 102));
    Outcome outcome = RelaySimulation.run(NETWORK, 16, 2, List.of(), joins);
    assertThat(outcome.sourceShare()).isEqualTo(1);
    assertThat(outcome.seconds()).isLessThan(end + 1.5 * NETWORK.oneTransfer());
  }
}
