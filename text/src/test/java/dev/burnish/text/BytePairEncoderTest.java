package dev.burnish.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.SharedFiles;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The Java encoder against the native library, on the real vocabulary of SmolLM2.
class BytePairEncoderTest {
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String QWEN2 = LLAMA3.replace("{1,3}", "");

  private static ObjectNode smollm() {
    TokenizerFiles files = TokenizerFiles.read(SharedFiles.model("smollm2-135m-instruct"));
    return (ObjectNode) TokenizerJson.tree(files, TokenizerFiles.TOKENIZER);
  }

  private static TokenizerJson parse(JsonNode root) {
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    return TokenizerJson.parse(new TokenizerFiles("test", Map.of("tokenizer.json", json)));
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  private static JsonNode split(String pattern) {
    ObjectNode node =
        (ObjectNode)
            json(
                """
                {"type":"Sequence","pretokenizers":[
                  {"type":"Split","pattern":{"Regex":""},"behavior":"Isolated","invert":false},
                  {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}\
                """);
    ((ObjectNode) node.path("pretokenizers").path(0).path("pattern")).put("Regex", pattern);
    return node;
  }

  private static BytePairEncoder encoder(TokenizerJson json, NativeTokenizer library) {
    return BytePairEncoder.of(json, () -> library).orElseThrow();
  }

  private static void assertEqualOnGeneratedTexts(ObjectNode root, int rounds, boolean offsets) {
    TokenizerJson json = parse(root);
    NativeTokenizer library = new NativeTokenizer(json);
    BytePairEncoder encoder = encoder(json, library);
    try {
      for (int seed = 0; seed < rounds; seed++) {
        Random random = new Random(seed);
        String text =
            seed % 2 == 0
                ? TextGenerator.ofBlock(random, seed / 2 % TextGenerator.blocks(), 60)
                : TextGenerator.mixed(random, 30);
        String name = "seed=%d text=%s".formatted(seed, text);
        assertThat(encoder.encode(text)).as(name).isEqualTo(library.encode(text));
        if (offsets) {
          Encoding expected = library.encodeWithOffsets(text);
          Encoding actual = encoder.encodeWithOffsets(text);
          assertThat(actual.ids()).as(name).isEqualTo(expected.ids());
          assertThat(actual.starts()).as(name).isEqualTo(expected.starts());
          assertThat(actual.ends()).as(name).isEqualTo(expected.ends());
        }
      }
    } finally {
      library.close();
    }
  }

  @Test
  void equalsTheNativeLibraryWithDigitsAndByteLevel() {
    assertThat(TextGenerator.blocks()).isGreaterThanOrEqualTo(12);
    assertEqualOnGeneratedTexts(smollm(), 3000, true);
  }

  @Test
  void equalsTheNativeLibraryWithTheWordsOfLlama3() {
    ObjectNode root = smollm();
    root.set("pre_tokenizer", split(LLAMA3));
    ((ObjectNode) root.path("model")).put("ignore_merges", true);
    assertEqualOnGeneratedTexts(root, 2000, true);
  }

  @Test
  void equalsTheNativeLibraryWithTheWordsAndNormalizationOfQwen() {
    ObjectNode root = smollm();
    root.set("pre_tokenizer", split(QWEN2));
    root.set("normalizer", json("{\"type\":\"NFC\"}"));
    assertEqualOnGeneratedTexts(root, 2000, true);
  }

  @Test
  void equalsTheNativeLibraryOnLongWords() {
    TokenizerJson json = parse(smollm());
    NativeTokenizer library = new NativeTokenizer(json);
    BytePairEncoder encoder = encoder(json, library);
    Random random = new Random(5);
    for (int length : new int[] {90, 95, 96, 97, 98, 200, 1000, 20_000}) {
      StringBuilder word = new StringBuilder();
      for (int i = 0; i < length; i++) {
        word.append((char) ('a' + random.nextInt(length % 2 == 0 ? 4 : 26)));
      }
      for (String text : new String[] {word.toString(), "a".repeat(length), " ".repeat(length)}) {
        assertThat(encoder.encode(text)).isEqualTo(library.encode(text));
      }
    }
    library.close();
  }

  @Test
  void equalsTheNativeLibraryOnEveryCharacterOfTheBasicPlane() {
    TokenizerJson json = parse(smollm());
    NativeTokenizer library = new NativeTokenizer(json);
    BytePairEncoder encoder = encoder(json, library);
    for (int c = 0; c < 0x10000; c += 16) {
      StringBuilder text = new StringBuilder();
      for (int i = c; i < c + 16; i++) {
        text.append("a ").appendCodePoint(i).append("b1").appendCodePoint(i).append(" . ");
      }
      String formed = FileTokenizer.wellFormed(text.toString());
      assertThat(encoder.encode(formed))
          .as("U+%04X..%04X", c, c + 15)
          .isEqualTo(library.encode(formed));
    }
    library.close();
  }

  @Test
  void leavesToTheLibraryWhatItDoesNotUnderstand() {
    assertThat(encoderWith("pre_tokenizer", "{\"type\":\"Whitespace\"}")).isEmpty();
    assertThat(encoderWith("pre_tokenizer", "null")).isEmpty();
    assertThat(
            encoderWith(
                "pre_tokenizer",
                "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"use_regex\":true}"))
        .isEmpty();
    assertThat(encoderWith("normalizer", "{\"type\":\"Lowercase\"}")).isEmpty();
    ObjectNode root = smollm();
    root.set("pre_tokenizer", split("\\w+"));
    assertThat(BytePairEncoder.of(parse(root), () -> never())).isEmpty();
    ObjectNode stripping = smollm();
    ((ObjectNode) stripping.path("added_tokens").path(0)).put("lstrip", true);
    assertThat(BytePairEncoder.of(parse(stripping), () -> never())).isEmpty();
    ObjectNode unknown = smollm();
    ((ObjectNode) unknown.path("model")).put("unk_token", "<|endoftext|>");
    assertThat(BytePairEncoder.of(parse(unknown), () -> never())).isEmpty();
  }

  private static Optional<BytePairEncoder> encoderWith(String key, String value) {
    ObjectNode root = smollm();
    root.set(key, json(value));
    return BytePairEncoder.of(parse(root), () -> never());
  }

  private static TokenEncoder never() {
    throw new AssertionError("the library is not needed to read the file");
  }
}
