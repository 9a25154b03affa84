package dev.burnish.service.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.service.routing.Load;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Over a time of its own.
class ScalingDecisionTest {
  private final Scaling scaling = Scaling.between(1, 8);
  private final ScalingDecision decision = new ScalingDecision(scaling);
  private long millis;
  private int replicas = 2;

  private static Load load(int queued, int inFlight, int permits) {
    return new Load(queued, inFlight, permits, 0, List.of());
  }

  private List<Integer> look(int times, Load load) {
    List<Integer> targets = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      replicas = decision.target(Duration.ofMillis(millis).toNanos(), replicas, load);
      targets.add(replicas);
      millis += 250;
    }
    return targets;
  }

  @Test
  void growsWhenCallsHaveWaitedForAWhile() {
    assertThat(look(5, load(7, 20, 20))).containsExactly(2, 2, 2, 2, 4);
  }

  @Test
  void aMomentIsNoReason() {
    for (int i = 0; i < 10; i++) {
      assertThat(look(4, load(100, 20, 20))).containsOnly(2);
      assertThat(look(1, load(0, 20, 20))).containsOnly(2);
    }
  }

  @Test
  void doublesAtMostAndKeepsToItsBounds() {
    assertThat(look(20, load(10_000, 20, 20)))
        .containsExactly(2, 2, 2, 2, 4, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8);
  }

  @Test
  void shrinksOneByOneAfterLongIdlenessAndNotBelowItsBound() {
    replicas = 3;
    List<Integer> targets = look(600, load(0, 0, 30));
    assertThat(targets.subList(0, 120)).containsOnly(3);
    assertThat(targets.get(120)).isEqualTo(2);
    assertThat(targets.subList(121, 241)).containsOnly(2);
    assertThat(targets.get(241)).isEqualTo(1);
    assertThat(targets.getLast()).isEqualTo(1);
  }

  @Test
  void idlenessThatIsInterruptedBeginsAnew() {
    for (int i = 0; i < 5; i++) {
      assertThat(look(100, load(0, 0, 20))).containsOnly(2);
      assertThat(look(1, load(0, 20, 20))).containsOnly(2);
    }
  }

  /// The load of 20 calls at once, which fills two replicas and leaves three mostly idle.
  @Test
  void doesNotGoUpAndDownByTurns() {
    int changes = 0;
    for (int i = 0; i < 4000; i++) {
      int before = replicas;
      int permits = replicas * 10;
      look(1, load(Math.max(0, 25 - permits), Math.min(25, permits), permits));
      changes += before == replicas ? 0 : 1;
    }
    assertThat(changes).isEqualTo(1);
    assertThat(replicas).isEqualTo(3);
  }

  @Test
  void boundsAndTimesAreChecked() {
    assertThatThrownBy(() -> Scaling.between(3, 2)).hasMessageContaining("service.scaling.min=3");
    assertThatThrownBy(() -> Scaling.between(0, 2)).hasMessageContaining("service.scaling.min=0");
    assertThatThrownBy(() ->
            scaling.withTimes(Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(1)))
        .hasMessageContaining("downAfter=PT1S");
  }
}
