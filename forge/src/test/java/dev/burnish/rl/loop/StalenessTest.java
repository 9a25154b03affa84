package dev.burnish.rl.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rl.replay.Batch;
import dev.burnish.rl.replay.Held;
import dev.burnish.rl.replay.StaleGroupException;
import dev.burnish.rollout.ScoredGroup;
import java.util.List;
import org.junit.jupiter.api.Test;

class StalenessTest {
  private static Batch<ScoredGroup> batch(long trained, long... sampled) {
    List<Held<ScoredGroup>> held =
        java.util.Arrays.stream(sampled)
            .mapToObj(v -> new Held<>(v, v, Groups.of(v, 1, v)))
            .toList();
    return new Batch<>(trained, held, held.stream().map(each -> 1.0).toList());
  }

  @Test
  void everySampleIsHeldToTheBound() {
    assertThatCode(() -> Staleness.require(batch(5, 3, 5, 4), 2)).doesNotThrowAnyException();
    assertThatThrownBy(() -> Staleness.require(batch(5, 5, 2), 2))
        .isInstanceOf(StaleGroupException.class)
        .hasMessageContaining("at most 2 versions older")
        .hasMessageContaining("position=2")
        .hasMessageContaining("trained=5");
    assertThatThrownBy(() -> Staleness.require(batch(5, 6), 2))
        .isInstanceOf(StaleGroupException.class);
  }

  @Test
  void itsMeanIsOverTokens() {
    Batch<ScoredGroup> batch = batch(4, 4, 1);
    long fresh = batch.groups().getFirst().episodes().stream().mapToInt(e -> e.numSampled()).sum();
    long old = batch.groups().getLast().episodes().stream().mapToInt(e -> e.numSampled()).sum();
    LoopReport.Content content = Staleness.content(batch);
    assertThat(content.stalenessMean()).isEqualTo(3.0 * old / (fresh + old));
    assertThat(content.stalenessMax()).isEqualTo(3);
    assertThat(content.groups()).isEqualTo(2);
    assertThat(content.episodes()).isEqualTo(4);
    assertThat(Staleness.content(batch(4)).stalenessMean()).isZero();
  }
}
