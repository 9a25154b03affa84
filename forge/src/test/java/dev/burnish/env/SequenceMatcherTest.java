package dev.burnish.env;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Expected values are those of CPython 3's difflib.
class SequenceMatcherTest {
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          '', '', 1.0
          abc, '', 0.0
          abc, abc, 1.0
          abcd, bcde, 0.75
          hello world, dlrow olleh, 0.18181818181818182
          private Thread currentThread;, private volatile Thread currentThread;, 0.8656716417910447
          aaaa, aa, 0.6666666666666666
          日本語😀x, 日本😀語, 0.6666666666666666
          """)
  void ratioIsThatOfPython(String first, String second, double expected) {
    assertThat(SequenceMatcher.ratio(first, second)).isCloseTo(expected, within(1e-15));
  }

  @Test
  void popularCharactersOfALongTextStartNoBlock() {
    String text = "the quick brown fox jumps over the lazy dog ".repeat(5);
    String rare = "ab".repeat(120) + "xyz";

    assertThat(SequenceMatcher.ratio(text, new StringBuilder(text).reverse().toString())).isZero();
    assertThat(SequenceMatcher.ratio(text, text)).isEqualTo(1.0);
    assertThat(SequenceMatcher.ratio("abxyzab", rare)).isCloseTo(0.04, within(1e-15));
  }

  @Test
  void aTextOf199CharactersHasNoPopularOnes() {
    assertThat(SequenceMatcher.ratio("a".repeat(10), "a".repeat(199)))
        .isCloseTo(20.0 / 209, within(1e-15));
    assertThat(SequenceMatcher.ratio("a".repeat(10), "a".repeat(200)))
        .isCloseTo(20.0 / 210, within(1e-15));
    assertThat(SequenceMatcher.ratio("ba".repeat(5), "ab".repeat(100))).isZero();
  }
}
