package dev.burnish.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.tensor.TensorScope;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Adapters that PEFT wrote and what it computes with them; `resources/.../peft/README.md` says how
/// they were recorded.
class PeftAdapterTest {
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir Path folder;

  private static LanguageModel base() {
    return LanguageModel.random(
        new LlamaConfig(23, 16, 32, 2, 4, 2, 64, 10_000, 0.3, 1).toJson(), 3);
  }

  private static Path recorded(String name) throws URISyntaxException {
    return Path.of(PeftAdapterTest.class.getResource("peft/" + name).toURI());
  }

  private static TokenForest forest(JsonNode expected) {
    TokenForest forest = new TokenForest();
    forest.add(TokenForest.ROOT, OracleTest.ints(expected.get("ids")));
    return forest;
  }

  private static float[] logits(LanguageModel model, TokenForest forest) {
    try (TensorScope _ = TensorScope.open();
        Pass pass = model.decoder().evaluate(forest)) {
      return pass.logits(IntStream.range(0, forest.numTokens()).toArray()).toFloatArray();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "rslora"})
  void computesWhatPeftDoesWithAnAdapterOfIts(String name) throws Exception {
    JsonNode expected = JSON.readTree(Files.readAllBytes(recorded(name).resolve("expected.json")));
    try (LanguageModel model = base()) {
      PeftAdapter.load(model, recorded(name));
      TokenForest forest = forest(expected);
      float[] logits = logits(model, forest);
      int i = 0;
      for (JsonNode row : expected.get("logits")) {
        for (JsonNode logit : row) {
          assertThat((double) logits[i++]).isCloseTo(logit.asDouble(), within(1e-4));
        }
      }
      assertThat(i).isEqualTo(logits.length);
      assertThat(backward(model, forest)).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
      checkGradients(model, expected.get("grads"));
    }
  }

  private static double backward(LanguageModel model, TokenForest forest) {
    Targets targets = new Targets().addNode(forest, 0, 1);
    try (Pass pass = model.decoder().forward(forest, ActivationPolicy.keepAll())) {
      float[] logprobs =
          pass.backward(
                  targets,
                  1,
                  chunk -> {
                    for (int i = chunk.from(); i < chunk.to(); i++) {
                      chunk.dLogprobs()[i] = -1f / targets.size();
                    }
                    return 0;
                  })
              .targets()
              .logprobs();
      double sum = 0;
      for (float value : logprobs) {
        sum -= value;
      }
      return sum / targets.size();
    }
  }

  private static void checkGradients(LanguageModel model, JsonNode expected) {
    int checked = 0;
    for (Parameters part : model.decoder().trained()) {
      float[] gradients = part.gradients().values().toFloatArray();
      for (String name : part.layout().names()) {
        JsonNode first = expected.get(name);
        for (int i = 0; i < first.size(); i++) {
          assertThat((double) gradients[part.layout().offset(name) + i])
              .as("%s[%d]", name, i)
              .isCloseTo(first.get(i).asDouble(), within(1e-5));
        }
        checked++;
      }
    }
    assertThat(checked).isEqualTo(expected.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "rslora"})
  void writesAnAdapterAsPeftDoes(String name) throws Exception {
    try (LanguageModel model = base();
        LanguageModel again = base()) {
      PeftAdapter.load(model, recorded(name));
      PeftAdapter.save(model, "base", folder);
      try (Checkpoint mine = Checkpoint.open(folder.resolve("adapter_model.safetensors"));
          Checkpoint theirs =
              Checkpoint.open(recorded(name).resolve("adapter_model.safetensors"))) {
        assertThat(mine.names()).isEqualTo(theirs.names());
        for (String tensor : mine.names()) {
          assertThat(mine.shape(tensor)).isEqualTo(theirs.shape(tensor));
          assertThat(mine.get(tensor).data().mismatch(theirs.get(tensor).data())).isEqualTo(-1);
        }
      }
      JsonNode config = JSON.readTree(Files.readAllBytes(folder.resolve("adapter_config.json")));
      JsonNode original =
          JSON.readTree(Files.readAllBytes(recorded(name).resolve("adapter_config.json")));
      for (String key :
          new String[] {
            "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "use_rslora", "bias"
          }) {
        assertThat(config.get(key)).as(key).isEqualTo(original.get(key));
      }
      PeftAdapter.load(again, folder);
      TokenForest forest = forest(JSON.readTree("{\"ids\": [3, 7, 1, 20]}"));
      assertThat(logits(again, forest)).isEqualTo(logits(model, forest));
    }
  }

  @Test
  void savesAnAdaptedModelWithTheAdaptationInItsWeights() throws Exception {
    try (LanguageModel model = base()) {
      PeftAdapter.load(model, recorded("plain"));
      model.save(folder);
      TokenForest forest = forest(JSON.readTree("{\"ids\": [3, 7, 1, 20]}"));
      try (LanguageModel merged = LanguageModel.load(folder);
          LanguageModel plain = base()) {
        assertThat(merged.decoder().lora().adapts()).isFalse();
        assertThat(logits(merged, forest))
            .containsExactly(logits(model, forest), Offset.offset(1e-5f));
        assertThat(logits(model.base(), forest)).isEqualTo(logits(plain, forest));
      }
    }
  }

  @Test
  void namesModulesOneByOneWhereAPatternHasAStar() throws Exception {
    try (LanguageModel model = base()) {
      model.adapt(LoraConfig.defaults().withRank(2).withModules("model.layers.1*_proj"), 1);
      PeftAdapter.save(model, "base", folder);
      JsonNode targets =
          JSON.readTree(Files.readAllBytes(folder.resolve("adapter_config.json")))
              .get("target_modules");
      assertThat(targets.valueStream().map(JsonNode::asString))
          .hasSize(7)
          .contains("model.layers.1.self_attn.q_proj")
          .allMatch(module -> module.startsWith("model.layers.1."));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "use_dora, true",
    "fan_in_fan_out, true",
    "lora_bias, true",
    "bias, \"all\"",
    "peft_type, \"IA3\"",
    "init_lora_weights, \"pissa\"",
    "rank_pattern, '{\"q_proj\": 2}'",
    "modules_to_save, '[\"lm_head\"]'",
    "a_setting_of_tomorrow, 3"
  })
  void refusesSettingsThatWouldChangeTheNumbers(String key, String value) throws Exception {
    copy("plain");
    Path file = folder.resolve("adapter_config.json");
    ObjectNode json = (ObjectNode) JSON.readTree(Files.readAllBytes(file));
    json.set(key, JSON.readTree(value));
    Files.write(file, JSON.writeValueAsBytes(json));
    try (LanguageModel model = base()) {
      assertThatThrownBy(() -> PeftAdapter.load(model, folder))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(key + "=")
          .hasMessageContaining("adapter_config.json");
    }
  }

  @Test
  void trainingBeginsFromAnAdapterWithItsRankAndTheDropoutThatIsSet() throws Exception {
    LoraConfig from = LoraConfig.defaults().withFrom(recorded("plain"));
    try (LanguageModel expected = base();
        LanguageModel model = base().adapt(from.withDropout(0.25), 9)) {
      PeftAdapter.load(expected, recorded("plain"));
      LoraConfig lora = model.decoder().lora();
      assertThat(lora.rank()).isEqualTo(expected.decoder().lora().rank());
      assertThat(lora.alpha()).isEqualTo(expected.decoder().lora().alpha());
      assertThat(lora.dropout()).isEqualTo(0.25);
      for (int i = 0; i < expected.decoder().trained().size(); i++) {
        assertThat(model.decoder().trained().get(i).values().toFloatArray())
            .isEqualTo(expected.decoder().trained().get(i).values().toFloatArray());
      }
    }
    try (LanguageModel model = base()) {
      assertThatThrownBy(() -> model.adapt(from.withRank(17), 1))
          .hasMessageContaining("lora.rank")
          .hasMessageContaining("rank=17 adapter=4");
      assertThatThrownBy(() -> model.adapt(from.withModules("q_proj"), 1))
          .hasMessageContaining("lora.modules");
      assertThatThrownBy(() -> model.adapt(from.withFrom(folder), 1))
          .hasMessageContaining("adapter_config.json");
      assertThat(model.decoder().lora().adapts()).isFalse();
    }
  }

  @Test
  void namesAModuleThatTheModelHasNot() throws Exception {
    copy("plain");
    try (LanguageModel model =
        LanguageModel.random(
            new LlamaConfig(23, 16, 32, 1, 4, 2, 64, 10_000, 0.3, 1).toJson(), 3)) {
      assertThatThrownBy(() -> PeftAdapter.load(model, folder))
          .hasMessageContaining("module=model.layers.1.")
          .hasMessageContaining("adapter=" + folder);
    }
  }

  @Test
  void refusesAnAdapterOfAnotherModelAndAModelWithoutOne() throws Exception {
    copy("plain");
    try (LanguageModel model =
            LanguageModel.random(
                new LlamaConfig(23, 8, 32, 2, 4, 2, 64, 10_000, 0.3, 1).toJson(), 3);
        LanguageModel plain = base()) {
      assertThatThrownBy(() -> PeftAdapter.load(model, folder))
          .hasMessageContaining("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight")
          .hasMessageContaining("shape=[16, 4]")
          .hasMessageContaining("it is [8, 4]")
          .hasMessageContaining("base_model_name_or_path=");
      assertThat(model.decoder().lora().adapts()).isFalse();
      assertThatThrownBy(() -> PeftAdapter.save(plain, "base", folder))
          .hasMessageContaining("lora.rank=0");
    }
  }

  private void copy(String name) throws Exception {
    for (String file : new String[] {"adapter_config.json", "adapter_model.safetensors"}) {
      Files.copy(recorded(name).resolve(file), folder.resolve(file));
    }
  }
}
