package dev.burnish.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.safetensors.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Against values recorded from `gguf.quants.dequantize` of gguf-py on random blocks.
class GgmlBlocksTest {
  @ParameterizedTest
  @EnumSource(
      names = {"F32", "F16", "BF16"},
      mode = EnumSource.Mode.EXCLUDE)
  void decodesBitForBitAsTheReference(GgmlType type) throws IOException {
    JsonNode recorded = fixture("dequantised.json").path(type.name());
    byte[] blocks = bytes(recorded, "blocks");
    float[] expected = floats(bytes(recorded, "values"));
    assertThat(expected).isNotEmpty();

    float[] actual = new float[expected.length];
    type.decode(MemorySegment.ofArray(blocks), MemorySegment.ofArray(actual));

    assertThat(actual).isEqualTo(expected);
  }

  static JsonNode fixture(String name) throws IOException {
    try (InputStream in = GgmlBlocksTest.class.getResourceAsStream(name)) {
      return StrictJson.MAPPER.readTree(Objects.requireNonNull(in));
    }
  }

  static byte[] bytes(JsonNode node, String key) {
    return Base64.getDecoder().decode(node.path(key).stringValue());
  }

  static float[] floats(byte[] raw) {
    float[] values = new float[raw.length / Float.BYTES];
    ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }
}
