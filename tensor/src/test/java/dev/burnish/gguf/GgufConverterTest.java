package dev.burnish.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.StrictJson;
import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class GgufConverterTest {
  private static final String MODEL = "smollm2-135m-instruct/";

  @TempDir Path folder;

  @Test
  void copiesThePublishedFilesAndWritesAllWeights() throws IOException {
    Path gguf = SharedFiles.model(MODEL + "model.Q4_1.gguf");
    GgufConverter.convert(gguf, folder);

    for (String name : new String[] {"config.json", "tokenizer.json", "generation_config.json"}) {
      assertThat(folder.resolve(name)).hasSameBinaryContentAs(gguf.resolveSibling(name));
    }
    assertThat(Files.size(folder.resolve("model.safetensors"))).isGreaterThan(538_000_000);
    try (Checkpoint from = GgufFile.open(gguf);
        Checkpoint to = Checkpoint.open(folder)) {
      assertThat(to.names()).containsExactlyInAnyOrderElementsOf(from.names());
      for (String name : from.names()) {
        assertThat(to.shape(name)).isEqualTo(from.shape(name));
        assertThat(to.get(name).data().mismatch(from.get(name).data())).as(name).isEqualTo(-1);
      }
    }
  }

  @Test
  void makesThePublishedConfigurationFromMetadata() {
    try (GgufFile file = GgufFile.open(SharedFiles.model(MODEL + "model.Q4_1.gguf"))) {
      assertThat(reread(GgufConfig.config(file))).isEqualTo(published("config.json"));
      ObjectNode ids = published("generation_config.json");
      reread(GgufConfig.generationConfig(file))
          .properties()
          .forEach(entry -> {
            if (ids.has(entry.getKey())) {
              assertThat(entry.getValue()).isEqualTo(ids.get(entry.getKey()));
            }
          });
    }
  }

  @Test
  void makesThePublishedTokenizerFromMetadata() {
    try (GgufFile file = GgufFile.open(SharedFiles.model(MODEL + "model.Q4_1.gguf"))) {
      ObjectNode made = reread(GgufTokenizer.tokenizer(file));
      ObjectNode published = published("tokenizer.json");
      published
          .properties()
          .forEach(entry ->
              assertThat(made.get(entry.getKey())).as(entry.getKey()).isEqualTo(entry.getValue()));
      assertThat(reread(GgufTokenizer.tokenizerConfig(file)))
          .isEqualTo(published("tokenizer_config.json"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rope.scaling.type",
        "attention.sliding_window",
        "expert_count",
        "attention.scale"
      })
  void refusesByNameASettingThatMayChangeTheNumbers(String key) throws IOException {
    GgufWriter writer = settings("llama", 2);
    writer.text("llama." + key, "longrope");
    Path file = folder.resolve("m.gguf");
    writer.write(file);
    try (GgufFile gguf = GgufFile.open(file)) {
      assertThatThrownBy(() -> GgufConfig.config(gguf))
          .isInstanceOf(CorruptFileException.class)
          .hasMessageContaining(key);
    }
  }

  @Test
  void knowsTheLayersOfSmolLm3WithoutRotationAndRefusesTooMany() {
    Path file = folder.resolve("m.gguf");
    settings("smollm3", 6).write(file);
    try (GgufFile gguf = GgufFile.open(file)) {
      assertThat(GgufConfig.config(gguf).path("no_rope_layers")).hasToString("[1,1,1,0,1,1]");
    }
    settings("smollm3", Integer.MAX_VALUE).write(file);
    try (GgufFile gguf = GgufFile.open(file)) {
      assertThatThrownBy(() -> GgufConfig.config(gguf))
          .isInstanceOf(CorruptFileException.class)
          .hasMessageContaining("block_count");
    }
  }

  @Test
  void refusesAnUnknownPreTokenizerByName() {
    GgufWriter writer = settings("llama", 2);
    writer.text("tokenizer.ggml.model", "gpt2");
    writer.text("tokenizer.ggml.pre", "tekken");
    Path file = folder.resolve("m.gguf");
    writer.write(file);
    try (GgufFile gguf = GgufFile.open(file)) {
      assertThatThrownBy(() -> GgufTokenizer.tokenizer(gguf))
          .isInstanceOf(CorruptFileException.class)
          .hasMessageContaining("tokenizer.ggml.pre=tekken");
    }
  }

  private static GgufWriter settings(String architecture, int layers) {
    GgufWriter writer = new GgufWriter();
    writer.text("general.architecture", architecture);
    for (String key : new String[] {"context_length", "embedding_length", "feed_forward_length"}) {
      writer.integer(architecture + "." + key, 32);
    }
    writer.integer(architecture + ".block_count", layers);
    writer.integer(architecture + ".attention.head_count", 2);
    writer.number(architecture + ".attention.layer_norm_rms_epsilon", 1e-6);
    writer.tensor("token_embd.weight", GgmlType.F32, new long[] {3, 32}, a -> a.allocate(384));
    return writer;
  }

  private static ObjectNode reread(ObjectNode node) {
    return StrictJson.object(Path.of("made"), StrictJson.pretty(node));
  }

  private static ObjectNode published(String name) {
    return StrictJson.object(SharedFiles.model(MODEL + name), 1 << 24);
  }
}
