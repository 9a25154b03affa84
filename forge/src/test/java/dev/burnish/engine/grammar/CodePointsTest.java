package dev.burnish.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CodePointsTest {
  private static CodePoints random(Random random) {
    CodePoints set = CodePoints.NONE;
    for (int i = random.nextInt(4); i >= 0; i--) {
      int from = random.nextInt(new int[] {0x90, 0x900, 0x11000, 0x110000}[random.nextInt(4)]);
      int to = Math.min(0x10FFFF, from + random.nextInt(1 << random.nextInt(21)));
      CodePoints range = CodePoints.range(from, to);
      set = random.nextInt(3) == 0 ? set.minus(range) : set.plus(range);
    }
    return random.nextInt(4) == 0 ? set.complement() : set;
  }

  private static boolean contains(CodePoints set, int c) {
    return set.ranges().stream().anyMatch(range -> range.from() <= c && c <= range.to());
  }

  @Test
  void theUtf8OfASetIsThatOfItsCodePointsAlone() {
    for (int seed = 0; seed < 12; seed++) {
      CodePoints set = random(new Random(seed));
      List<List<CodePoints.Range>> sequences = set.utf8();
      for (int c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 13) {
        byte[] bytes = Character.toString(c).getBytes(StandardCharsets.UTF_8);
        boolean surrogate = c >= 0xD800 && c <= 0xDFFF;
        long matching = sequences.stream().filter(sequence -> matches(sequence, bytes)).count();
        assertThat(matching)
            .as("seed=%d c=%x of %s", seed, c, set)
            .isEqualTo(!surrogate && contains(set, c) ? 1 : surrogate ? matching : 0);
      }
    }
  }

  private static boolean matches(List<CodePoints.Range> sequence, byte[] bytes) {
    if (sequence.size() != bytes.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      int b = bytes[i] & 0xFF;
      if (b < sequence.get(i).from() || b > sequence.get(i).to()) {
        return false;
      }
    }
    return true;
  }

  @Test
  void setsHoldNoSurrogates() {
    assertThat(CodePoints.range(0xD000, 0xF000).ranges())
        .containsExactly(
            new CodePoints.Range(0xD000, 0xD7FF), new CodePoints.Range(0xE000, 0xF000));
    assertThat(CodePoints.of(0xDC00).isEmpty()).isTrue();
    assertThat(CodePoints.ALL.complement().isEmpty()).isTrue();
  }

  @Test
  void plusAndMinusAreThoseOfSets() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      CodePoints a = random(random);
      CodePoints b = random(random);
      for (int i = 0; i < 300; i++) {
        int c = random.nextInt(0x110000);
        if (c >= 0xD800 && c <= 0xDFFF) {
          continue;
        }
        assertThat(contains(a.plus(b), c)).isEqualTo(contains(a, c) || contains(b, c));
        assertThat(contains(a.minus(b), c)).isEqualTo(contains(a, c) && !contains(b, c));
      }
    }
  }
}
