package dev.burnish.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    try (Checkpoint from = Checkpoint.open(gguf);
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

  private static ObjectNode reread(ObjectNode node) {
    return StrictJson.object(Path.of("made"), StrictJson.pretty(node));
  }

  private static ObjectNode published(String name) {
    return StrictJson.object(SharedFiles.model(MODEL + name), 1 << 24);
  }
}
