package dev.burnish.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenVersionsTest {
  /// Three tokens by version 4, two by version 5, one by version 4 again.
  private static final TokenVersions MIXED =
      new TokenVersions(new int[] {0, 3, 5}, new long[] {4, 5, 4}, 6);

  private static long[] expanded(TokenVersions versions) {
    return IntStream.range(0, versions.length()).mapToLong(versions::at).toArray();
  }

  @Test
  void everyTokenHasTheVersionOfItsRun() {
    assertThat(expanded(MIXED)).containsExactly(4, 4, 4, 5, 5, 4);
    assertThat(MIXED.oldest()).isEqualTo(4);
    assertThat(MIXED.newest()).isEqualTo(5);
    assertThat(expanded(TokenVersions.of(9, 3))).containsExactly(9, 9, 9);
    assertThat(TokenVersions.of(9, 0).numRuns()).isZero();
  }

  @Test
  void slicesAndTheirConcatenationKeepEveryVersionAndTheFewestRuns() {
    long[] all = expanded(MIXED);
    for (int from = 0; from <= MIXED.length(); from++) {
      for (int to = from; to <= MIXED.length(); to++) {
        TokenVersions slice = MIXED.slice(from, to);
        assertThat(expanded(slice)).isEqualTo(java.util.Arrays.copyOfRange(all, from, to));
        assertThat(MIXED.slice(0, from).concat(slice).concat(MIXED.slice(to, MIXED.length())))
            .isEqualTo(MIXED);
      }
    }
  }

  @Test
  void refusesRunsThatDoNotCoverTheTokensOnce() {
    assertThatThrownBy(() -> new TokenVersions(new int[] {1}, new long[] {4}, 3))
        .hasMessageContaining("starts must rise from 0");
    assertThatThrownBy(() -> new TokenVersions(new int[] {0, 0}, new long[] {4, 5}, 3))
        .hasMessageContaining("starts must rise from 0");
    assertThatThrownBy(() -> new TokenVersions(new int[] {0, 3}, new long[] {4, 5}, 3))
        .hasMessageContaining("lie below length");
    assertThatThrownBy(() -> new TokenVersions(new int[] {0, 1}, new long[] {4, 4}, 3))
        .hasMessageContaining("adjacent runs must have different versions");
    assertThatThrownBy(() -> new TokenVersions(new int[] {0}, new long[] {4, 5}, 3))
        .hasMessageContaining("one start and one version each");
    assertThatThrownBy(() -> new TokenVersions(new int[0], new long[0], 3))
        .hasMessageContaining("one start and one version each");
    assertThatThrownBy(() -> MIXED.at(6)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> MIXED.slice(2, 7)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> TokenVersions.of(1, 0).oldest()).hasMessageContaining("length=0");
  }
}
