package dev.burnish.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The real tokenizer of SmolLM2, which is byte-level BPE.
class TokenizerTest {
  @TempDir Path folder;

  private static Tokenizer smollm() {
    return Tokenizer.load(SharedFiles.model("smollm2-135m-instruct"));
  }

  @Test
  void encodesAsTheOriginalLibrary() throws IOException {
    JsonNode oracle =
        JsonMapper.shared()
            .readTree(Files.readString(SharedFiles.data("oracle/smollm2_forward.json")));
    try (Tokenizer tokenizer = smollm()) {
      assertThat(oracle.path("cases").size()).isGreaterThan(10);
      for (JsonNode example : oracle.path("cases")) {
        int[] expected =
            IntStream.range(0, example.path("ids").size())
                .map(i -> example.path("ids").get(i).intValue())
                .toArray();
        String text = example.path("text").stringValue();
        assertThat(tokenizer.encode(text)).as(text).containsExactly(expected);
        assertThat(tokenizer.decode(expected)).isEqualTo(text);
      }
    }
  }

  @Test
  void knowsTheVocabularyAndItsSpecialTokens() {
    try (Tokenizer tokenizer = smollm()) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(49152);
      assertThat(tokenizer.id("<|im_end|>")).hasValue(2);
      assertThat(tokenizer.token(2)).isEqualTo("<|im_end|>");
      assertThat(tokenizer.isSpecial(2)).isTrue();
      assertThat(tokenizer.isSpecial(504)).isFalse();
      assertThat(tokenizer.id("no such token")).isEmpty();
      assertThat(tokenizer.beginId()).hasValue(1);
      assertThat(tokenizer.endId()).hasValue(2);
      assertThat(tokenizer.padId()).hasValue(2);
      assertThatThrownBy(() -> tokenizer.token(49152))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("id=49152");
    }
  }

  @Test
  void recognisesSpecialTokensInTheTextAndSkipsThemOnRequest() {
    try (Tokenizer tokenizer = smollm()) {
      int[] ids = tokenizer.encode("a<|im_end|>b");
      assertThat(ids).contains(2);
      assertThat(tokenizer.decode(ids)).isEqualTo("a<|im_end|>b");
      assertThat(tokenizer.decode(ids, true)).isEqualTo("ab");
    }
  }

  @Test
  void streamsNeverSplittingACharacter() {
    Random random = new Random(7);
    try (Tokenizer tokenizer = smollm()) {
      for (int round = 0; round < 200; round++) {
        int[] ids =
            round % 2 == 0
                ? tokenizer.encode(TextGenerator.mixed(random, 60))
                : random.ints(30, 0, tokenizer.vocabularySize() + 5).toArray();
        StreamingDecoder stream = tokenizer.stream();
        StringBuilder joined = new StringBuilder();
        for (int id : ids) {
          String piece = stream.append(id);
          assertThat(FileTokenizer.wellFormed(piece)).isEqualTo(piece);
          joined.append(piece);
        }
        joined.append(stream.finish());
        assertThat(joined.toString()).as("round=%d", round).isEqualTo(tokenizer.decode(ids));
      }
    }
  }

  @Test
  void holdsBackAnEmojiUntilItsLastByteIsThere() {
    try (Tokenizer tokenizer = smollm()) {
      int[] ids = tokenizer.encode("🦀");
      assertThat(ids.length).isGreaterThan(1);
      StreamingDecoder stream = tokenizer.stream();
      for (int i = 0; i < ids.length - 1; i++) {
        assertThat(stream.append(ids[i])).isEmpty();
      }
      assertThat(stream.append(ids[ids.length - 1])).isEqualTo("🦀");
      assertThat(stream.finish()).isEmpty();
    }
  }

  @Test
  void tellsWhereEachTokenIsInTheText() {
    try (Tokenizer tokenizer = smollm()) {
      String text = "Hi 🙂<|im_end|> naïve 日本";
      Encoding encoding = tokenizer.encodeWithOffsets(text);
      assertThat(encoding.ids()).containsExactly(tokenizer.encode(text));
      int reached = 0;
      for (int i = 0; i < encoding.size(); i++) {
        assertThat(encoding.starts()[i]).isBetween(0, reached);
        reached = Math.max(reached, encoding.ends()[i]);
        String piece = text.substring(encoding.starts()[i], encoding.ends()[i]);
        assertThat(piece).isEqualTo(FileTokenizer.wellFormed(piece)).isNotEmpty();
        if (encoding.ids()[i] == 2) {
          assertThat(piece).isEqualTo("<|im_end|>");
        }
      }
      assertThat(reached).isEqualTo(text.length());
    }
  }

  @Test
  void encodesManyTextsInOrder() {
    Random random = new Random(3);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      texts.add(TextGenerator.mixed(random, 40));
    }
    try (Tokenizer tokenizer = smollm()) {
      List<int[]> all = tokenizer.encodeAll(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(all.get(i)).containsExactly(tokenizer.encode(texts.get(i)));
      }
    }
  }

  @Test
  void readsLoneSurrogatesAsReplacementCharacters() {
    try (Tokenizer tokenizer = smollm()) {
      assertThat(tokenizer.decode(tokenizer.encode("a\uD83Db\uDE00"))).isEqualTo("a\uFFFDb\uFFFD");
      assertThat(tokenizer.decode(tokenizer.encode("nul \0 and 🙂"))).isEqualTo("nul \0 and 🙂");
      assertThat(tokenizer.encode("")).isEmpty();
      assertThat(tokenizer.decode()).isEmpty();
    }
  }

  @Test
  void savesWhatItLoaded() throws IOException {
    Path source = SharedFiles.model("smollm2-135m-instruct");
    try (Tokenizer tokenizer = Tokenizer.load(source)) {
      tokenizer.save(folder.resolve("copy"));
    }
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      assertThat(folder.resolve("copy").resolve(name)).hasSameBinaryContentAs(source.resolve(name));
    }
    assertThat(folder.resolve("copy").toFile().list()).hasSize(2);
  }

  @Test
  void refusesFoldersWithoutATokenizer() {
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("has no tokenizer.json");
    assertThatThrownBy(() -> Tokenizer.load(folder.resolve("absent")))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("directory=" + folder.resolve("absent"));
  }

  @Test
  void refusesMalformedFilesNamingTheRule() throws IOException {
    assertRefused("{\"model\": {\"voc", "is no JSON");
    assertRefused("[1]", "must hold a JSON object");
    assertRefused("{}", "model.vocab must be");
    assertRefused("{\"model\":{\"vocab\":{\"a\":-1}}}", "token=a id=-1");
    assertRefused("{\"model\":{\"vocab\":{\"a\":2000000000}}}", "id=2000000000");
    assertRefused("{\"model\":{\"vocab\":{\"a\":1.5}}}", "must be an integer");
    assertRefused("{\"model\":{\"vocab\":{\"a\":1,\"b\":1}}}", "id=1 tokens=");
    assertRefused("{\"added_tokens\":[{\"id\":1}],\"model\":{\"vocab\":{}}}", "has no content");
    assertRefused("{\"model\":{\"type\":\"Magic\",\"vocab\":{\"a\":0}}}", "is refused");
    assertRefused("[".repeat(100_000), "is no JSON");
  }

  @Test
  void refusesOrReadsMutatedFilesWithoutFailingOtherwise() throws IOException {
    CharacterTokenizer.of("abc 0").save(folder);
    String words = Files.readString(folder.resolve("tokenizer.json"));
    String pairs =
        """
        {"version":"1.0","added_tokens":[{"id":5,"content":"<s>","special":true,"single_word":false,
        "lstrip":false,"rstrip":false,"normalized":false}],"normalizer":{"type":"NFC"},
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},
        "decoder":{"type":"ByteLevel"},"model":{"type":"BPE","dropout":null,"unk_token":null,
        "vocab":{"a":0,"b":1,"ab":2,"c":3,"abc":4},"merges":[["a","b"],"ab c"]}}\
        """;
    String alphabet = "{}[]\",:0123456789-.eEabntul \\\u0000é";
    int read = 0;
    for (int seed = 0; seed < 3000; seed++) {
      Random random = new Random(seed);
      StringBuilder mutant = new StringBuilder(seed % 2 == 0 ? words : pairs);
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        int at = random.nextInt(mutant.length());
        switch (random.nextInt(3)) {
          case 0 -> mutant.deleteCharAt(at);
          case 1 -> mutant.setCharAt(at, alphabet.charAt(random.nextInt(alphabet.length())));
          default -> mutant.setLength(at + 1);
        }
      }
      byte[] json = mutant.toString().getBytes(StandardCharsets.UTF_8);
      TokenizerFiles files = new TokenizerFiles("mutant", Map.of("tokenizer.json", json));
      try (Tokenizer tokenizer = Tokenizer.of(files)) {
        read++;
        tokenizer.decode(tokenizer.encode("abc <s>a<|end|> 0"));
      } catch (TokenizerException expected) {
        assertThat(expected.getMessage()).isNotEmpty();
      } catch (RuntimeException e) {
        throw new AssertionError("seed=%d file=%s".formatted(seed, mutant), e);
      }
    }
    assertThat(read).isBetween(100, 2900);
  }

  private void assertRefused(String json, String reason) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), json, StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Tokenizer.load(folder).close())
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer.json of " + folder)
        .hasMessageContaining(reason);
  }

  @Test
  void failsClearlyWhenUsedAfterClose() {
    Tokenizer tokenizer = smollm();
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("a")).isInstanceOf(IllegalStateException.class);
  }
}
