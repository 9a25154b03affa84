package dev.burnish.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.text.StreamingDecoder;
import dev.burnish.text.Tokenizer;
import dev.burnish.text.TokenizerFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Compares a SentencePiece tokenizer of a GGUF file with the original library.
class SentencePieceTest {
  @TempDir Path folder;

  private static JsonNode golden() throws IOException {
    try (InputStream input =
        Objects.requireNonNull(SentencePieceTest.class.getResourceAsStream("sentencepiece.json"))) {
      return JsonMapper.shared().readTree(input);
    }
  }

  private static GgufWriter writer(JsonNode golden) {
    return writer(golden, "llama");
  }

  private static GgufWriter writer(JsonNode golden, String tokenizer) {
    GgufWriter writer = new GgufWriter();
    writer.text("general.architecture", "llama");
    writer.integer("llama.block_count", 1);
    writer.integer("llama.context_length", 64);
    writer.integer("llama.embedding_length", 32);
    writer.integer("llama.feed_forward_length", 8);
    writer.integer("llama.attention.head_count", 2);
    writer.number("llama.attention.layer_norm_rms_epsilon", 1e-5);
    writer.number("llama.rope.freq_base", 10000);
    writer.text("tokenizer.ggml.model", tokenizer);
    writer.texts(
        "tokenizer.ggml.tokens",
        golden.get("tokens").valueStream().map(JsonNode::stringValue).toList());
    writer.integers(
        "tokenizer.ggml.token_type",
        golden.get("types").valueStream().mapToInt(JsonNode::intValue).toArray());
    writer.tensor("token_embd.weight", GgmlType.F32, new long[] {700, 32}, a -> a.allocate(89600));
    return writer;
  }

  private static void scores(GgufWriter writer, JsonNode golden) {
    float[] scores = new float[golden.get("scores").size()];
    IntStream.range(0, scores.length)
        .forEach(i -> scores[i] = golden.get("scores").get(i).floatValue());
    writer.numbers("tokenizer.ggml.scores", scores);
  }

  private Tokenizer tokenizer(GgufWriter writer) {
    Path file = folder.resolve("model.gguf");
    writer.write(file);
    Map<String, byte[]> files = GgufConverter.sideFiles(file);
    return Tokenizer.of(new TokenizerFiles(file.toString(), files));
  }

  @Test
  void encodesAndDecodesAsTheOriginalLibrary() throws IOException {
    JsonNode golden = golden();
    GgufWriter writer = writer(golden);
    scores(writer, golden);
    try (Tokenizer tokenizer = tokenizer(writer)) {
      assertThat(golden.get("cases").size()).isGreaterThan(100);
      for (JsonNode example : golden.get("cases")) {
        String text = example.get("text").stringValue();
        int[] ids = example.get("ids").valueStream().mapToInt(JsonNode::intValue).toArray();
        assertThat(tokenizer.encode(text)).as(text).containsExactly(ids);
        assertThat(tokenizer.decode(ids)).isEqualTo(example.get("decoded").stringValue());
        assertThat(streamed(tokenizer, ids)).isEqualTo(example.get("decoded").stringValue());
      }
    }
  }

  private static String streamed(Tokenizer tokenizer, int[] ids) {
    StreamingDecoder decoder = tokenizer.stream();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(decoder.append(id));
    }
    return text.append(decoder.finish()).toString();
  }

  @Test
  void aTextBeginsWithTheBeginTokenUnlessTheFileSaysOtherwise() throws IOException {
    JsonNode golden = golden();
    GgufWriter silent = writer(golden);
    scores(silent, golden);
    try (Tokenizer tokenizer = tokenizer(silent)) {
      assertThat(tokenizer.encodePlain("a")).startsWith(1).hasSize(2);
      assertThat(tokenizer.encodePlain("")).containsExactly(1);
      assertThat(tokenizer.endId()).hasValue(2);
      assertThat(tokenizer.isSpecial(0)).isTrue();
    }
    GgufWriter said = writer(golden);
    scores(said, golden);
    said.flag("tokenizer.ggml.add_bos_token", false);
    said.flag("tokenizer.ggml.add_eos_token", true);
    said.flag("tokenizer.ggml.add_space_prefix", false);
    try (Tokenizer tokenizer = tokenizer(said)) {
      assertThat(tokenizer.encodePlain("a").length).isEqualTo(2);
      assertThat(tokenizer.encodePlain("a")[1]).isEqualTo(2);
      assertThat(tokenizer.token(tokenizer.encode("a")[0])).isEqualTo("a");
      assertThat(tokenizer.decode(tokenizer.encode(" a b"))).isEqualTo(" a b");
    }
  }

  @Test
  void refusesAVocabularyWithoutScores() throws IOException {
    GgufWriter writer = writer(golden());
    assertThatThrownBy(() -> tokenizer(writer))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("every token must have a score: tokens=700");
  }

  @Test
  void refusesOtherKindsOfTokenizers() throws IOException {
    GgufWriter writer = writer(golden(), "t5");
    assertThatThrownBy(() -> tokenizer(writer))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("tokenizer.ggml.model=t5");
  }
}
