package dev.burnish.link.bulk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.failure.ReplicaLost;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The blocks of a region that comes, and those who wait for them.
@Timeout(20)
class ArrivalsTest {
  private static final Duration NONE = Duration.ZERO;
  private static final Duration LONG = Duration.ofSeconds(15);
  private final Arrivals arrivals = new Arrivals(2L * Arrivals.BLOCK + 5);

  @Test
  void theLastBlockIsShorter() {
    assertThat(arrivals.numBlocks()).isEqualTo(3);
    assertThat(arrivals.bytes(0)).isEqualTo(Arrivals.BLOCK);
    assertThat(arrivals.bytes(2)).isEqualTo(5);
    assertThat(new Arrivals(Arrivals.BLOCK).numBlocks()).isEqualTo(1);
  }

  @Test
  void runsAreThereWhenAllTheirBlocksAre() throws InterruptedException {
    assertThat(arrivals.arrived(0)).isFalse();
    assertThat(arrivals.arrived(2)).isFalse();
    assertThat(arrivals.await(Runs.one(0, Arrivals.BLOCK), NONE)).isTrue();
    assertThat(arrivals.await(Runs.one(1, Arrivals.BLOCK), NONE)).isFalse();
    assertThat(arrivals.await(new Runs(3, 4, 2, 2L * Arrivals.BLOCK - 8), NONE)).isFalse();
    assertThat(arrivals.arrived(1)).isTrue();
    assertThat(arrivals.arrived(1)).as("the last one, once").isFalse();
    assertThat(arrivals.await(Runs.one(1, 2L * Arrivals.BLOCK), NONE)).isTrue();
  }

  @Test
  void oneWhoWaitsIsToldWhenItIsThere() throws Exception {
    Thread writer = Thread.ofPlatform().start(() -> arrivals.arrived(1));
    assertThat(arrivals.await(Runs.one(Arrivals.BLOCK, 1), LONG)).isTrue();
    writer.join();
  }

  @Test
  void whatWillNotComeIsAnError() throws Exception {
    Thread writer = Thread.ofPlatform().start(() -> arrivals.fail("no host has it"));
    assertThatThrownBy(() -> arrivals.await(Runs.one(0, 1), LONG))
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("no host has it");
    writer.join();
    boolean _ = arrivals.arrived(0);
    assertThat(arrivals.await(Runs.one(0, 1), NONE)).as("what is there stays").isTrue();
  }
}
