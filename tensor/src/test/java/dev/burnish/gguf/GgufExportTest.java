package dev.burnish.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.gguf.GgufConverter.Weights;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.SafetensorsFileTest;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.safetensors.StrictJson;
import dev.burnish.tensor.DType;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.TextFrame;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class GgufExportTest {
  private static final List<String> SAME_SETTINGS =
      List.of(
          "architectures",
          "hidden_size",
          "intermediate_size",
          "max_position_embeddings",
          "num_attention_heads",
          "num_hidden_layers",
          "num_key_value_heads",
          "rms_norm_eps",
          "tie_word_embeddings",
          "vocab_size");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama-gqa-untied",
        "llama-linear-rope",
        "llama-mha-biases",
        "llama3-scaled-rope",
        "qwen2",
        "qwen2-yarn",
        "qwen3",
        "qwen3-tied"
      })
  void goesToGgufAndBackUnchanged(String model) {
    Path original = SharedFiles.data("oracle/models/" + model);
    Path gguf = folder.resolve("model.gguf");
    Path back = folder.resolve("back");
    toGguf(original, gguf, Weights.F32);
    GgufConverter.convert(gguf, back);

    requireSameWeights(original, back);
    ObjectNode before = StrictJson.object(original.resolve("config.json"), 1 << 20);
    ObjectNode after = StrictJson.object(back.resolve("config.json"), 1 << 20);
    for (String key : SAME_SETTINGS) {
      assertThat(after.get(key)).as(key).isEqualTo(before.get(key));
    }
    JsonNode rope =
        before.has("rope_parameters") ? before.get("rope_parameters") : before.get("rope_scaling");
    if (rope.isNull() || rope.path("rope_type").asString().equals("default")) {
      assertThat(after.get("rope_scaling").isNull()).isTrue();
    } else {
      rope.properties()
          .forEach(entry -> {
            JsonNode made =
                entry.getKey().equals("rope_theta")
                    ? after.get("rope_theta")
                    : after.get("rope_scaling").get(entry.getKey());
            assertThat(made).as(entry.getKey()).isEqualTo(entry.getValue());
          });
    }
  }

  @ParameterizedTest
  @CsvSource({"F16,F16", "BF16,BF16", "Q8_0,Q8_0"})
  void storesMatricesInTheTypeAskedForAndVectorsInF32(Weights weights, String stored) {
    Path gguf = folder.resolve("model.gguf");
    Path original = SharedFiles.data("oracle/models/llama-mha-biases");
    toGguf(original, gguf, weights);
    try (GgufFile file = GgufFile.open(gguf);
        Checkpoint source = Checkpoint.open(original)) {
      for (String name : file.names()) {
        boolean matrix = file.shape(name).length == 2;
        assertThat(file.storedType(name)).isEqualTo(matrix ? stored : "F32");
        requireClose(source, file, name, weights == Weights.F16 ? 1e-3f : 1e-2f);
      }
      assertThat(file.get("model.layers.0.self_attn.q_proj.weight").dtype())
          .isEqualTo(weights == Weights.Q8_0 ? DType.F32 : DType.valueOf(stored));
    }
  }

  @Test
  void quantisesBitForBitAsTheReference() throws IOException {
    JsonNode recorded = GgmlBlocksTest.fixture("quantised_q8_0.json");
    byte[] values = GgmlBlocksTest.bytes(recorded, "values");
    byte[] blocks = new byte[values.length / 4 / 32 * 34];
    GgmlType.Q8_0.encode(MemorySegment.ofArray(values), MemorySegment.ofArray(blocks));
    assertThat(blocks).isEqualTo(GgmlBlocksTest.bytes(recorded, "blocks"));
  }

  @Test
  void carriesAllTokensThatEndATextAlsoWithoutATokenizer() throws IOException {
    Path original = SharedFiles.data("oracle/models/llama-gqa-untied");
    ObjectNode config = StrictJson.object(original.resolve("config.json"), 1 << 20);
    config.putArray("eos_token_id").add(7).add(9).add(3);
    Files.write(folder.resolve("config.json"), StrictJson.pretty(config));
    Files.copy(original.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    Path gguf = folder.resolve("model.gguf");
    toGguf(folder, gguf, Weights.F32);
    try (GgufFile file = GgufFile.open(gguf)) {
      assertThat(GgufConfig.config(file).get("eos_token_id").toString()).isEqualTo("[7,9,3]");
      assertThat(GgufConfig.config(file).get("bos_token_id").toString()).isEqualTo("1");
      assertThat(file.metadata().integer("tokenizer.ggml.eos_token_id")).contains(7L);
    }
  }

  @Test
  void carriesTokenizerAndTemplate() throws IOException {
    Path real = SharedFiles.model("smollm2-135m-instruct");
    Path hugging = Files.createDirectory(folder.resolve("hf"));
    for (String name : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
      Files.copy(real.resolve(name), hugging.resolve(name));
    }
    SafetensorsWriter.write(
        hugging.resolve("model.safetensors"),
        List.of(SafetensorsFileTest.tensor("model.embed_tokens.weight", DType.F16, 49152, 1)),
        java.util.Map.of());
    Path gguf = folder.resolve("model.gguf");
    toGguf(hugging, gguf, Weights.F32);
    try (GgufFile made = GgufFile.open(gguf);
        GgufFile published = GgufFile.open(real.resolve("model.Q4_1.gguf"))) {
      for (String key : published.metadata().keys()) {
        if (key.startsWith("tokenizer.") && published.metadata().isText(key)) {
          assertThat(made.metadata().text(key)).as(key).isEqualTo(published.metadata().text(key));
        }
        if (key.endsWith("_token_id") || key.startsWith("llama.")) {
          assertThat(made.metadata().keys()).contains(key);
        }
      }
      assertThat(made.metadata().texts("tokenizer.ggml.tokens"))
          .isEqualTo(published.metadata().texts("tokenizer.ggml.tokens"));
      assertThat(made.metadata().texts("tokenizer.ggml.merges"))
          .isEqualTo(published.metadata().texts("tokenizer.ggml.merges"));
      assertThat(made.metadata().integers("tokenizer.ggml.token_type"))
          .isEqualTo(published.metadata().integers("tokenizer.ggml.token_type"));
      assertThat(made.metadata().integer("tokenizer.ggml.eos_token_id")).contains(2L);
      assertThat(made.metadata().integer("tokenizer.ggml.bos_token_id")).contains(1L);
    }
  }

  /// The post-processor alone says it: transformers does not read `add_bos_token`.
  @ParameterizedTest
  @CsvSource({"false,false", "true,false", "true,true", "false,true"})
  void carriesTheTokensAroundAPlainText(boolean begins, boolean ends) throws IOException {
    Path real = SharedFiles.model("smollm2-135m-instruct");
    ObjectNode tokenizer = StrictJson.object(real.resolve("tokenizer.json"), 64 << 20);
    ObjectNode template = tokenizer.putObject("post_processor").put("type", "TemplateProcessing");
    ArrayNode single = template.putArray("single");
    if (begins) {
      single.addObject().putObject("SpecialToken").put("id", "<|im_start|>");
    }
    single.addObject().putObject("Sequence").put("id", "A");
    if (ends) {
      single.addObject().putObject("SpecialToken").put("id", "<|im_end|>");
    }
    template
        .putObject("special_tokens")
        .set(
            "<|im_start|>",
            StrictJson.MAPPER.readTree("{\"id\": \"<|im_start|>\", \"ids\": [1], \"tokens\": []}"));
    ((ObjectNode) template.get("special_tokens"))
        .set(
            "<|im_end|>",
            StrictJson.MAPPER.readTree("{\"id\": \"<|im_end|>\", \"ids\": [2], \"tokens\": []}"));
    ObjectNode settings = StrictJson.object(real.resolve("tokenizer_config.json"), 1 << 20);
    settings.put("add_bos_token", !begins);
    Files.copy(real.resolve("config.json"), folder.resolve("config.json"));
    Files.write(folder.resolve("tokenizer.json"), StrictJson.pretty(tokenizer));
    Files.write(folder.resolve("tokenizer_config.json"), StrictJson.pretty(settings));
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"),
        List.of(SafetensorsFileTest.tensor("model.embed_tokens.weight", DType.F16, 49152, 1)),
        java.util.Map.of());
    Path gguf = folder.resolve("model.gguf");
    toGguf(folder, gguf, Weights.F32);
    try (GgufFile file = GgufFile.open(gguf)) {
      assertThat(file.metadata().flag("tokenizer.ggml.add_bos_token")).contains(begins);
      assertThat(file.metadata().flag("tokenizer.ggml.add_eos_token")).contains(ends);
      TextFrame frame = TextFrame.of(GgufTokenizer.tokenizer(file).get("post_processor"));
      assertThat(frame.before()).isEqualTo(begins ? new int[] {1} : new int[0]);
      assertThat(frame.after()).isEqualTo(ends ? new int[] {2} : new int[0]);
    }
  }

  @ParameterizedTest
  @CsvSource({"mistral-sliding,sliding_window", "smollm3-nope,no_rope_layers"})
  void refusesByNameWhatGgufCannotSay(String model, String setting) {
    Path original = SharedFiles.data("oracle/models/" + model);
    assertThatThrownBy(() -> toGguf(original, folder.resolve("x.gguf"), Weights.F32))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("key=" + setting);
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({
    "model_type,gpt_neox",
    "hidden_act,gelu",
    "partial_rotary_factor,0.5",
    "quantization_config,x",
    "attention_multiplier,2"
  })
  void refusesByNameSettingsThatChangeTheNumbers(String key, String value) throws IOException {
    Path original = SharedFiles.data("oracle/models/llama-gqa-untied");
    ObjectNode config = StrictJson.object(original.resolve("config.json"), 1 << 20);
    config.put(key, value);
    Files.write(folder.resolve("config.json"), StrictJson.pretty(config));
    Files.copy(original.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    assertThatThrownBy(() -> toGguf(folder, folder.resolve("x.gguf"), Weights.F32))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining(key);
  }

  private static void requireSameWeights(Path before, Path after) {
    try (Checkpoint from = Checkpoint.open(before);
        Checkpoint to = Checkpoint.open(after)) {
      assertThat(to.names()).containsExactlyInAnyOrderElementsOf(from.names());
      for (String name : from.names()) {
        assertThat(to.get(name).data().mismatch(from.get(name).data())).as(name).isEqualTo(-1);
      }
    }
  }

  private static void requireClose(Checkpoint source, GgufFile file, String name, float tolerance) {
    int elements = Math.toIntExact(StoredTensor.elements(file.shape(name)));
    float[] expected = new float[elements];
    float[] actual = new float[elements];
    source.copyTo(name, MemorySegment.ofArray(expected));
    file.copyTo(name, MemorySegment.ofArray(actual));
    float largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < elements; i++) {
      assertThat(Math.abs(actual[i] - expected[i])).as(name).isLessThan(tolerance * largest);
    }
  }

  private static void toGguf(Path folder, Path gguf, Weights weights) {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      GgufConverter.toGguf(folder, checkpoint, gguf, weights);
    }
  }
}
