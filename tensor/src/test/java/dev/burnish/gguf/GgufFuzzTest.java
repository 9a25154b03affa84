package dev.burnish.gguf;

import dev.burnish.testing.FileFuzz;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Mutants of a GGUF file, see [FileFuzz].
class GgufFuzzTest {
  private static final Path LABEL = Path.of("mutant");

  @Test
  void ggufMutantsAreReadOrRefused() throws IOException {
    FileFuzz.fuzz("gguf", HostileGgufTest.small(), GgufFuzzTest::readGguf);
  }

  private static void readGguf(byte[] mutant) {
    try (GgufFile file = GgufFile.of(LABEL, MemorySegment.ofArray(mutant))) {
      for (String name : file.names()) {
        file.get(name);
      }
      GgufMetadata metadata = file.metadata();
      for (String key : metadata.keys()) {
        if (metadata.isText(key)) {
          metadata.text(key);
        }
      }
      GgufConfig.config(file);
      GgufConfig.generationConfig(file);
      GgufTokenizer.tokenizer(file);
      GgufTokenizer.tokenizerConfig(file);
    }
  }
}
