package dev.burnish.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.testing.SharedFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Compares with the results of the original library on a CPU in fp32, recorded with the models.
class OracleTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  static Stream<Path> tinyModels() throws Exception {
    try (Stream<Path> folders = Files.list(SharedFiles.data("oracle/models"))) {
      return new ArrayList<>(folders.sorted().toList()).stream();
    }
  }

  static int[] ints(JsonNode array) {
    return array.valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  private static JsonNode read(Path file) throws Exception {
    return JSON.readTree(Files.readAllBytes(file));
  }

  @ParameterizedTest
  @MethodSource("tinyModels")
  void tinyModelsComputeWhatTheOriginalDoes(Path folder, @TempDir Path copy) throws Exception {
    JsonNode expected = read(folder.resolve("expected.json"));
    try (LanguageModel model = LanguageModel.load(folder)) {
      verify(model.decoder(), expected);
      model.save(copy);
    }
    try (LanguageModel again = LanguageModel.load(copy)) {
      verify(again.decoder(), expected);
    }
  }

  private static void verify(Decoder decoder, JsonNode expected) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    List<Double> expectedLogprobs = new ArrayList<>();
    for (int i = 0; i < expected.get("ids").size(); i++) {
      int node = forest.add(TokenForest.ROOT, ints(expected.get("ids").get(i)));
      targets.addNode(forest, node, 1);
      expected.get("logprobs").get(i).forEach(value -> expectedLogprobs.add(value.asDouble()));
    }
    try (TensorScope _ = TensorScope.open();
        Pass pass = decoder.forward(forest, ActivationPolicy.keepAll())) {
      float[] logits = pass.logits(forest.length(0) - 1).toFloatArray();
      for (int i = 0; i < logits.length; i++) {
        assertThat((double) logits[i])
            .isCloseTo(
                expected.get("logits_first_row_last_position").get(i).asDouble(), within(1e-4));
      }
      int count = targets.size();
      float[] logprobs =
          pass.backward(
                  targets,
                  1,
                  chunk -> {
                    for (int i = chunk.from(); i < chunk.to(); i++) {
                      chunk.dLogprobs()[i] = -1f / count;
                    }
                    return 0;
                  })
              .targets()
              .logprobs();
      double sum = 0;
      for (int i = 0; i < count; i++) {
        assertThat((double) logprobs[i]).isCloseTo(expectedLogprobs.get(i), within(1e-4));
        sum -= logprobs[i];
      }
      assertThat(sum / count).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
    }
    for (var entry : expected.get("gradient_norms").properties()) {
      assertThat(gradientNorm(decoder, entry.getKey()))
          .as(entry.getKey())
          .isCloseTo(
              entry.getValue().asDouble(), within(1e-3 * entry.getValue().asDouble() + 1e-9));
    }
    decoder.freeGradients();
  }

  static double gradientNorm(Decoder decoder, String name) {
    try (Tensor gradient = decoder.part(name).gradients().of(name)) {
      double sum = 0;
      for (float g : gradient.toFloatArray()) {
        sum += (double) g * g;
      }
      return Math.sqrt(sum);
    }
  }

  @ParameterizedTest
  @MethodSource("tinyModels")
  void tinyModelsContinueAsTheOriginalDoes(Path folder) throws Exception {
    JsonNode greedy = read(folder.resolve("expected.json")).get("greedy");
    try (LanguageModel model = LanguageModel.load(folder)) {
      int[] ends = greedy.get("eos_suppressed").asBoolean() ? model.endTokens() : new int[0];
      for (int i = 0; i < greedy.get("prompt").size(); i++) {
        int[] ids = ints(greedy.get("prompt").get(i));
        int[] expected = ints(greedy.get("ids").get(i));
        for (int wanted : expected) {
          int next = argmax(lastLogits(model.decoder(), ids), ends);
          assertThat(next).isEqualTo(wanted);
          ids = Stream.of(ids, new int[] {next}).flatMapToInt(java.util.Arrays::stream).toArray();
        }
      }
    }
  }

  private static float[] lastLogits(Decoder decoder, int[] ids) {
    TokenForest forest = new TokenForest();
    forest.add(TokenForest.ROOT, ids);
    try (TensorScope _ = TensorScope.open();
        Pass pass = decoder.evaluate(forest)) {
      return pass.logits(ids.length - 1).toFloatArray();
    }
  }

  private static int argmax(float[] logits, int[] suppressed) {
    for (int id : suppressed) {
      logits[id] = Float.NEGATIVE_INFINITY;
    }
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  @Test
  void realModelHasTheLogitsOfTheOriginal() throws Exception {
    JsonNode cases = read(SharedFiles.data("oracle/smollm2_forward.json")).get("cases");
    try (LanguageModel model = LanguageModel.load(SharedFiles.model("smollm2-135m-instruct"))) {
      for (JsonNode example : cases) {
        int[] ids = ints(example.get("ids"));
        TokenForest forest = new TokenForest();
        Targets targets = new Targets().addNode(forest, forest.add(TokenForest.ROOT, ids), 1);
        try (TensorScope _ = TensorScope.open();
            Pass pass = model.decoder().evaluate(forest)) {
          float[] last = pass.logits(ids.length - 1).toFloatArray();
          for (int i = 0; i < example.get("last_top_ids").size(); i++) {
            assertThat((double) last[example.get("last_top_ids").get(i).asInt()])
                .isCloseTo(example.get("last_top_logits").get(i).asDouble(), within(1e-4));
          }
          float[] logprobs = pass.logprobs(targets, 1).logprobs();
          for (int i = 0; i < logprobs.length; i++) {
            assertThat((double) logprobs[i])
                .isCloseTo(example.get("logprob_of_next").get(i).asDouble(), within(1e-4));
          }
        }
      }
    }
  }
}
