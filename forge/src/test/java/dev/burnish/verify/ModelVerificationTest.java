package dev.burnish.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.model.LanguageModel;
import dev.burnish.model.WeightFiles;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.tensor.DType;
import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Small random models against the values that transformers 5.24 computes (`recorded/`, each with
/// its source in `expected.json`) and against those of the shared data. There is one recorded model
/// for each rule that is easily missed:
///
/// - `dynamic-*`: longer than the model was trained for; the key of another kind of scaling ignored
/// - `yarn-*`: `mscale` pairs, no truncation, an attention factor, no original length
/// - `llama3-odd-factors`, `linear-old-spelling`, `scaling-wins`: other factors, both spellings
/// - `mistral-*`, `qwen*-window*`, `qwen3-layer-types`, `smollm3-*`: windows smaller than the
///   sequence, by layer; what holds where a key is absent
/// - `llama-mha-odd`: biases, odd sizes, shards, longer than `max_position_embeddings`
/// - `tied-with-own-head`: a head in the file wins over `tie_word_embeddings`
class ModelVerificationTest {
  @TempDir Path folder;

  static Stream<Path> models() throws Exception {
    Path recorded =
        Path.of(
            Objects.requireNonNull(ModelVerificationTest.class.getResource("recorded")).toURI());
    return Stream.concat(
        folders(recorded).stream(), folders(SharedFiles.data("oracle/models")).stream());
  }

  private static List<Path> folders(Path root) throws IOException {
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(Files::isDirectory).sorted().toList();
    }
  }

  private static void requireAgreement(Path model, Path recorded) {
    assertThat(Verdict.model(model, recorded.resolve("expected.json")))
        .allSatisfy(verdict -> assertThat(verdict.passed()).as(verdict.toString()).isTrue())
        .extracting(Verdict::name)
        .contains("logits", "logprobs", "loss", "gradient norms", "greedy");
  }

  @ParameterizedTest
  @MethodSource("models")
  void agreesWithTheOriginalAlsoAfterLoadingAndSaving(Path model) {
    requireAgreement(model, model);
    try (LanguageModel loaded = LanguageModel.load(model)) {
      loaded.save(folder.resolve("copy"));
    }
    requireSameBytes(model, folder.resolve("copy"));
    requireAgreement(folder.resolve("copy"), model);
  }

  private static void requireSameBytes(Path before, Path after) {
    try (Checkpoint from = WeightFiles.open(before);
        Checkpoint to = WeightFiles.open(after)) {
      assertThat(to.names()).containsExactlyInAnyOrderElementsOf(from.names());
      assertThat(to.description()).isEqualTo(from.description());
      for (String name : from.names()) {
        assertThat(to.dtype(name)).as(name).isEqualTo(from.dtype(name));
        assertThat(to.shape(name)).as(name).isEqualTo(from.shape(name));
        assertThat(to.get(name).data().mismatch(from.get(name).data())).as(name).isEqualTo(-1);
      }
    }
  }

  @Test
  void failsWhereAWeightDiffers() throws Exception {
    Path model = models().findFirst().orElseThrow();
    try (LanguageModel loaded = LanguageModel.load(model)) {
      loaded.decoder().part("model.norm.weight").values().mul_(1.01);
      loaded.save(folder);
    }
    assertThat(Verdict.model(folder, model.resolve("expected.json")))
        .filteredOn(verdict -> verdict.name().equals("logits"))
        .singleElement()
        .satisfies(verdict -> assertThat(verdict.passed()).isFalse())
        .satisfies(verdict -> assertThat(verdict.detail()).contains("largest difference"));
  }

  @Test
  void aTrainedModelKeepsTheTypeOfItsFileUnlessAskedOtherwise() throws Exception {
    Path model =
        models().filter(path -> path.endsWith("mistral-window-5")).findFirst().orElseThrow();
    try (LanguageModel loaded = LanguageModel.load(model)) {
      loaded.decoder().parts().forEach(part -> part.values().mul_(1.01));
      loaded.save(folder.resolve("own"));
      loaded.save(folder.resolve("wide"), DType.F32);
    }
    requireType(folder.resolve("own"), DType.BF16, "bfloat16");
    requireType(folder.resolve("wide"), DType.F32, "float32");
  }

  private static void requireType(Path model, DType dtype, String name) throws IOException {
    try (Checkpoint weights = WeightFiles.open(model)) {
      assertThat(weights.names())
          .allSatisfy(tensor -> assertThat(weights.dtype(tensor)).isEqualTo(dtype));
    }
    assertThat(Files.readString(model.resolve("config.json"))).contains("\"" + name + "\"");
  }
}
