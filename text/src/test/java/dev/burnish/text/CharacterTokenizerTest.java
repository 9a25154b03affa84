package dev.burnish.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CharacterTokenizerTest {
  private static final String ALPHABET = "0123456789 abcdefghijklmnopqrstuvwxyzWN?.:\n\t🙂é<|";

  @TempDir Path folder;

  @Test
  void numbersCharactersInTheOrderOfTheAlphabetAfterPadAndEnd() {
    try (CharacterTokenizer tokenizer = CharacterTokenizer.of("abc")) {
      assertThat(tokenizer.encode("cab")).containsExactly(4, 2, 3);
      assertThat(tokenizer.padId()).hasValue(0);
      assertThat(tokenizer.endId()).hasValue(1);
      assertThat(tokenizer.vocabularySize()).isEqualTo(5);
      assertThat(tokenizer.encode("a<|end|>b")).containsExactly(2, 1, 3);
      assertThat(tokenizer.decode(2, 1, 0, 3)).isEqualTo("a<|end|><|pad|>b");
      assertThat(tokenizer.decode(new int[] {2, 1, 0, 3}, true)).isEqualTo("ab");
    }
  }

  @Test
  void namesTheUnknownCharacterAndItsPlace() {
    try (CharacterTokenizer tokenizer = CharacterTokenizer.of("abc")) {
      assertThatThrownBy(() -> tokenizer.encode("abX"))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("character='X' (U+0058) at index=2");
    }
    assertThatThrownBy(() -> CharacterTokenizer.of("aa"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a'");
  }

  @Test
  void isReadBackFromItsFilesWithEqualIdsAndTexts() {
    Random random = new Random(11);
    int[] alphabet = ALPHABET.codePoints().toArray();
    try (CharacterTokenizer tokenizer = CharacterTokenizer.of(ALPHABET)) {
      tokenizer.save(folder);
      try (Tokenizer loaded = Tokenizer.load(folder)) {
        assertThat(loaded.vocabularySize()).isEqualTo(tokenizer.vocabularySize());
        assertThat(loaded.endId()).isEqualTo(tokenizer.endId());
        assertThat(loaded.padId()).isEqualTo(tokenizer.padId());
        for (int round = 0; round < 300; round++) {
          StringBuilder text = new StringBuilder();
          for (int i = random.nextInt(40); i > 0; i--) {
            text.appendCodePoint(alphabet[random.nextInt(alphabet.length)]);
            text.append(random.nextInt(10) == 0 ? "<|end|>" : "");
          }
          assertSame(tokenizer, loaded, text.toString());
        }
        assertThatThrownBy(() -> loaded.encode("ab~")).isInstanceOf(TokenizerException.class);
      }
    }
  }

  private static void assertSame(Tokenizer expected, Tokenizer actual, String text) {
    Encoding encoding = actual.encodeWithOffsets(text);
    Encoding original = expected.encodeWithOffsets(text);
    assertThat(encoding.ids()).as(text).containsExactly(original.ids());
    assertThat(encoding.starts()).as(text).containsExactly(original.starts());
    assertThat(encoding.ends()).as(text).containsExactly(original.ends());
    assertThat(actual.decode(original.ids())).isEqualTo(text);
    assertThat(actual.decode(original.ids(), true))
        .isEqualTo(expected.decode(original.ids(), true));
  }
}
