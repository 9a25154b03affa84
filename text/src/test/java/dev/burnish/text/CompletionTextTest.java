package dev.burnish.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class CompletionTextTest {
  private static final Tokenizer LETTERS = CharacterTokenizer.of("abcd ");

  private static List<String> pieces(Tokenizer tokenizer, List<String> stop, int... ids) {
    CompletionText text = new CompletionText(tokenizer, stop, 0);
    List<String> pieces = new ArrayList<>();
    for (int id : ids) {
      pieces.add(text.append(id));
    }
    pieces.add(text.finish());
    return pieces;
  }

  private static List<String> pieces(List<String> stop, String text) {
    return pieces(LETTERS, stop, LETTERS.encode(text));
  }

  @Test
  void withoutStopTextsEveryTokenIsShownAtOnce() {
    assertThat(pieces(List.of(), "abc")).containsExactly("a", "b", "c", "");
  }

  @Test
  void aBeginningOfAStopTextIsHeldBackUntilItIsNone() {
    assertThat(pieces(List.of("bcd"), "abca")).containsExactly("a", "", "", "bca", "");
    assertThat(pieces(List.of("aab"), "aaab")).containsExactly("", "", "a", "", "");
  }

  @Test
  void theTextEndsBeforeTheFirstStopText() {
    assertThat(pieces(List.of("bc"), "abcd")).containsExactly("a", "", "", "", "");
    assertThat(pieces(List.of("cd", "bcd"), "abcd")).containsExactly("a", "", "", "", "");
  }

  @Test
  void whatIsHeldBackAtTheEndIsShownThen() {
    assertThat(pieces(List.of("bcd"), "abc")).containsExactly("a", "", "", "bc");
  }

  @Test
  void aStopTextThatComesTooEarlyIsText() {
    CompletionText text = new CompletionText(LETTERS, List.of("ab"), 3);
    StringBuilder shown = new StringBuilder();
    for (int id : LETTERS.encode("abcabd")) {
      shown.append(text.append(id));
    }
    assertThat(shown.append(text.finish()).toString()).isEqualTo("abc");
  }

  @Test
  void specialTokensAreLeftOut() {
    assertThat(pieces(LETTERS, List.of(), 2, LETTERS.endId().orElseThrow(), 3))
        .containsExactly("a", "", "b", "");
  }

  @Test
  void noPieceEndsWithinACharacter() {
    Tokenizer bytes = bytes();
    byte[] utf8 = "aé→😀".getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[utf8.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = utf8[i] & 0xFF;
    }
    assertThat(pieces(bytes, List.of(), ids))
        .containsExactly("a", "", "é", "", "", "→", "", "", "", "😀", "");
    int[] broken = Arrays.copyOf(ids, ids.length - 1);
    assertThat(String.join("", pieces(bytes, List.of(), broken))).isEqualTo(bytes.decode(broken));
  }

  /// A tokenizer with one token per byte, whose id is the byte.
  private static Tokenizer bytes() {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.putArray("added_tokens");
    json.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false);
    json.putObject("decoder").put("type", "ByteLevel");
    ObjectNode model = json.putObject("model");
    model.put("type", "BPE");
    ObjectNode vocabulary = model.putObject("vocab");
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      vocabulary.put(Character.toString(printable ? b : next++), b);
    }
    model.putArray("merges");
    byte[] file = json.toString().getBytes(StandardCharsets.UTF_8);
    return Tokenizer.of(new TokenizerFiles("bytes", Map.of("tokenizer.json", file)));
  }

  @Test
  void piecesJoinToTheTextBeforeTheFirstStopTextInRandomTexts() {
    for (long seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      List<String> stop = List.of(text(random, 1 + random.nextInt(4)), text(random, 3));
      String whole = text(random, random.nextInt(30));
      assertThat(String.join("", pieces(stop, whole)))
          .as("seed=%d text=%s stop=%s", seed, whole, stop)
          .isEqualTo(expected(whole, stop));
    }
  }

  /// The text before the stop text that is complete first.
  private static String expected(String whole, List<String> stop) {
    for (int length = 1; length <= whole.length(); length++) {
      String soFar = whole.substring(0, length);
      int at = stop.stream().mapToInt(soFar::indexOf).filter(i -> i >= 0).min().orElse(-1);
      if (at >= 0) {
        return whole.substring(0, at);
      }
    }
    return whole;
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(2)));
    }
    return text.toString();
  }
}
