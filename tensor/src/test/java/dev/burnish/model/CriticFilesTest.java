package dev.burnish.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A critic in files, and made by another process.
class CriticFilesTest {
  private static final LoraConfig RANK_2 = LoraConfig.defaults().withRank(2);

  @TempDir Path folder;

  private static LanguageModel policy() {
    return LanguageModel.random(
        new LlamaConfig(23, 16, 32, 2, 4, 2, 64, 10_000, 0.3, 1).toJson(), 3);
  }

  private static float[] values(LanguageModel critic) {
    TokenForest forest = new TokenForest();
    int root = forest.add(TokenForest.ROOT, 3, 1, 4, 1, 5);
    try (TensorScope _ = TensorScope.open();
        Pass pass = critic.decoder().evaluate(forest)) {
      return pass.values(new Targets().addNode(forest, root, 1));
    }
  }

  /// Gives everything that is trained other values, as a step would.
  private static LanguageModel trained(LanguageModel critic) {
    try (TensorScope _ = TensorScope.open()) {
      for (Parameters part : critic.decoder().trained()) {
        float[] values = part.values().toFloatArray();
        for (int i = 0; i < values.length; i++) {
          values[i] += 0.01f * (i % 7 - 2);
        }
        part.values().copy_(Tensor.of(values, values.length));
      }
    }
    return critic;
  }

  @Test
  void aCriticThatWasSavedIsLoadedAsOne() {
    try (LanguageModel policy = policy();
        LanguageModel critic = policy.critic()) {
      assertThat(values(critic)).containsOnly(0);
      float[] values = values(trained(critic));
      critic.save(folder);
      try (LanguageModel loaded = LanguageModel.load(folder)) {
        assertThat(values(loaded)).isEqualTo(values).doesNotContain(0);
      }
      JsonNode config = LanguageModel.readJson(folder, "config.json");
      assertThat(config.at("/architectures/0").asString())
          .isEqualTo("LlamaForSequenceClassification");
      assertThat(config.path("id2label")).hasSize(1);
    }
  }

  @Test
  void anAdaptedCriticIsLoadedFromItsAdapterAndFromWhatWasMerged() {
    try (LanguageModel policy = policy();
        LanguageModel critic = policy.critic().adapt(RANK_2, 5);
        LanguageModel other = policy.critic()) {
      float[] values = values(trained(critic));
      PeftAdapter.save(critic, "none", folder);
      JsonNode json = LanguageModel.readJson(folder, "adapter_config.json");
      assertThat(json.path("task_type").asString()).isEqualTo("SEQ_CLS");
      assertThat(json.at("/modules_to_save/0").asString()).isEqualTo("score");
      assertThat(json.path("target_modules").toString()).doesNotContain("score");
      assertThatThrownBy(() -> PeftAdapter.load(policy, folder))
          .hasMessageContaining("modules_to_save=[\"score\"]");
      PeftAdapter.load(other, folder);
      assertThat(values(other)).isEqualTo(values);
      critic.save(folder.resolve("merged"));
      try (LanguageModel merged = LanguageModel.load(folder.resolve("merged"))) {
        assertThat(values(merged)).usingComparatorWithPrecision(1e-5f).containsExactly(values);
      }
    }
  }

  @Test
  void anotherProcessMakesTheCriticFromItsSpecAndItsWeights() {
    try (LanguageModel policy = policy();
        LanguageModel critic = trained(policy.critic().adapt(RANK_2, 5))) {
      ModelSpec spec = critic.spec();
      assertThat(spec.layouts().getLast().names())
          .isEqualTo(critic.decoder().weights().layouts().getLast().names())
          .containsExactly("model.norm.weight", "score.weight");
      LanguageModel over =
          spec.over(critic.decoder().weights(), Optional.of(critic.decoder().trainedWeights()));
      assertThat(values(over)).isEqualTo(values(critic));
      over.close();
    }
  }

  @Test
  void aClassifierOfSeveralLabelsIsNoCritic() {
    try (LanguageModel policy = policy();
        LanguageModel critic = policy.critic()) {
      ObjectNode two = critic.config();
      two.withObject("/id2label").put("1", "LABEL_1");
      assertThatThrownBy(() -> LanguageModel.random(two, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must have one label");
      two.remove("id2label");
      assertThatThrownBy(() -> LanguageModel.random(two, 1))
          .hasMessageContaining("must have one label");
      try (LanguageModel random = LanguageModel.random(critic.config(), 1)) {
        assertThat(values(random)).doesNotContain(0);
      }
    }
  }
}
