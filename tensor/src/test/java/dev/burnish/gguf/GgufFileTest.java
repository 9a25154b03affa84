package dev.burnish.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.testing.SharedFiles;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufFileTest {
  private static final String MODEL = "smollm2-135m-instruct/model.Q4_1.gguf";

  /// SHA-256 of the F32 bytes, recorded with gguf-py (rows of queries and keys put back in order).
  @ParameterizedTest
  @CsvSource({
    "model.embed_tokens.weight,Q8_0,3fd491c8066dd9dc1a2bf6796701526c82817d95c0ecabacdef3013c2b8bbbaa",
    "model.layers.0.self_attn.q_proj.weight,Q4_1,54b377bbfa2deab945dfdba7fb59e0ca3eb74329358bd1b53b635b3ff37c1a56",
    "model.layers.29.self_attn.k_proj.weight,Q4_1,8e99b2450d5f3d53731f52790cc82f80b04341e533306bcfee6669ffa3c79921",
    "model.layers.7.mlp.down_proj.weight,Q4_1,9d3af8b67d13c727ae5ffe470464163b9cac42eb494525392bd3e79c8db73880",
    "model.norm.weight,F32,3b87f8e27335e67fc08f159cabfd2d18f205d6c5b225a6f978153552bf01d559"
  })
  void givesTheWeightsOfTheReference(String name, String storedType, String sha256) {
    try (GgufFile file = GgufFile.open(SharedFiles.model(MODEL))) {
      assertThat(file.storedType(name)).isEqualTo(storedType);
      StoredTensor tensor = file.get(name);
      assertThat(tensor.dtype()).isEqualTo(DType.F32);
      assertThat(sha256(tensor.data())).isEqualTo(sha256);
      byte[] copy = new byte[Math.toIntExact(tensor.data().byteSize())];
      file.copyTo(name, MemorySegment.ofArray(copy));
      assertThat(sha256(MemorySegment.ofArray(copy))).isEqualTo(sha256);
    }
  }

  @Test
  void hasHuggingFaceNamesAndShapes() {
    try (Checkpoint file =
        GgufFile.open(SharedFiles.model("smollm2-135m-instruct/model.Q4_1.gguf"))) {
      assertThat(file.names()).hasSize(272).doesNotContain("lm_head.weight");
      assertThat(file.shape("model.embed_tokens.weight")).containsExactly(49152, 576);
      assertThat(file.shape("model.layers.3.mlp.down_proj.weight")).containsExactly(576, 1536);
      assertThat(file.shape("model.layers.3.post_attention_layernorm.weight")).containsExactly(576);
      assertThat(file.description()).containsEntry("general.license", "apache-2.0");
      assertThat(file.contains("model.norm.weight")).isTrue();
    }
  }

  @Test
  void readsMetadataByKindAndRefusesAnother() {
    try (GgufFile file = GgufFile.open(SharedFiles.model(MODEL))) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.integer("llama.block_count")).contains(30L);
      assertThat(metadata.number("llama.attention.layer_norm_rms_epsilon")).contains(1e-5);
      assertThat(metadata.flag("tokenizer.ggml.add_bos_token")).contains(false);
      assertThat(metadata.texts("general.languages")).containsExactly("en");
      assertThat(metadata.texts("tokenizer.ggml.merges")).hasSize(48900).startsWith("Ġ t");
      assertThat(metadata.integers("tokenizer.ggml.token_type")).hasSize(49152).startsWith(3, 3);
      assertThat(metadata.text("no.such.key")).isEmpty();
      assertThatThrownBy(() -> metadata.integer("general.name"))
          .isInstanceOf(CorruptFileException.class)
          .hasMessageContaining("key=general.name")
          .hasMessageContaining("an integer");
    }
  }

  static String sha256(MemorySegment data) {
    try {
      byte[] bytes = data.toArray(ValueLayout.JAVA_BYTE);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
