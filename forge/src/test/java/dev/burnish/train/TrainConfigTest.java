package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.nn.ActivationPolicy;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainConfigTest {
  @ParameterizedTest
  @CsvSource({
    "none, 111111",
    "all, 000000",
    "every:1, 000000",
    "every:2, 010101",
    "every:4, 011101"
  })
  void blocksAreComputedAgainAsSet(String recompute, String kept) {
    Optional<ActivationPolicy> policy =
        TrainConfig.defaults().withRecompute(recompute).options().policy();
    String keeps =
        IntStream.range(0, 6)
            .mapToObj(block -> policy.orElseThrow().keeps(block, 6, 1L << 40) ? "1" : "0")
            .reduce("", String::concat);
    assertThat(keeps).isEqualTo(kept);
  }

  @Test
  void memoryDecidesUnlessSet() {
    assertThat(TrainConfig.defaults().options().policy()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "every:0", "every:", "every", "2", "ALL", "every:-1"})
  void anythingElseIsRefused(String recompute) {
    assertThatThrownBy(() -> TrainConfig.defaults().withRecompute(recompute))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("auto, none, all or every:K")
        .hasMessageContaining("recompute=" + recompute);
  }
}
