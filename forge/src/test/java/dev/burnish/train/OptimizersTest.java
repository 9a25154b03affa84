package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.model.LanguageModel;
import dev.burnish.tensor.Tensor;
import dev.burnish.train.OptimizerConfig.Group;
import dev.burnish.train.OptimizerConfig.Sgd;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizersTest {
  private static final String QUERY = "model.layers.1.self_attn.q_proj.weight";

  private static float[] parameter(LanguageModel model, String name) {
    var part = model.decoder().part(name);
    try (Tensor run =
        part.values().narrow(0, part.layout().offset(name), part.layout().spec(name).size())) {
      return run.toFloatArray();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "sgd", "muon"})
  void lowersTheLossOfABatchSeenAgain(String name) {
    double lr = name.equals("sgd") ? 0.3 : 2e-3;
    OptimizerConfig config = OptimizerConfig.defaults().withLr(lr).withName(name).withClipNorm(0);
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config, 100)) {
      List<PackedTokens> batches = Tiny.batches(1, 1);
      double first = trainer.step(MicroBatch.ofCrossEntropy(batches)).loss();
      double last = first;
      for (int i = 0; i < 20; i++) {
        last = trainer.step(MicroBatch.ofCrossEntropy(batches)).loss();
      }
      assertThat(last).isLessThan(first - 0.5);
    }
  }

  @Test
  void muonTakesMatricesOfBlocksAndLeavesTheRestToAdamW() {
    OptimizerConfig config = OptimizerConfig.defaults().withName("muon");
    try (LanguageModel model = Tiny.model()) {
      var rules = ParameterRules.of(config, model.decoder());
      assertThat(rules.getFirst())
          .allMatch(run -> run.algorithm() == ParameterRules.Algorithm.ADAMW);
      assertThat(rules.get(1))
          .extracting(ParameterRules.Run::algorithm)
          .filteredOn(algorithm -> algorithm == ParameterRules.Algorithm.MUON)
          .hasSize(7);
      assertThat(ParameterRules.secondElements(rules.get(1))).isEqualTo(64);
    }
  }

  @Test
  void decaysMatricesAloneAndAsTheirGroupSays() {
    OptimizerConfig config =
        OptimizerConfig.defaults()
            .withWeightDecay(0.1)
            .withGroups(new Group("*.up_proj.weight", 1, 3, false));
    try (LanguageModel model = Tiny.model()) {
      var rules = ParameterRules.of(config, model.decoder());
      for (int part = 0; part < rules.size(); part++) {
        var parameters = model.decoder().trained().get(part);
        for (String name : parameters.layout().names()) {
          double decay =
              name.contains("norm") ? 0 : name.endsWith("up_proj.weight") ? 0.1 * 3 : 0.1;
          assertThat(ruleAt(rules.get(part), parameters.layout().offset(name)).weightDecay())
              .as(name)
              .isEqualTo(decay);
        }
      }
    }
  }

  private static ParameterRules.Rule ruleAt(List<ParameterRules.Run> runs, long offset) {
    return runs.stream()
        .filter(run -> run.offset() <= offset && offset < run.offset() + run.size())
        .findFirst()
        .orElseThrow()
        .rule();
  }

  @Test
  void leavesFrozenParametersAndTheirGradientsOut() {
    OptimizerConfig config = OptimizerConfig.defaults().withLr(1e-2).withWeightDecay(0.1);
    try (LanguageModel model = Tiny.model();
        LanguageModel other = Tiny.model();
        LocalTrainer some =
            new LocalTrainer(
                model.decoder(), config.withGroups(Group.frozen("model.layers.*.q_proj.*")), 10);
        LocalTrainer all = new LocalTrainer(other.decoder(), config, 10)) {
      float[] before = parameter(model, QUERY);
      StepReport report = Tiny.step(some, 1);
      assertThat(report.gradientNorm()).isLessThan(Tiny.step(all, 1).gradientNorm());
      assertThat(Arrays.equals(parameter(model, QUERY), before)).isTrue();
      assertThat(Arrays.equals(parameter(other, QUERY), before)).isFalse();
      assertThat(Arrays.equals(Tiny.weights(model), Tiny.weights(other))).isFalse();
    }
  }

  /// Without clipping, since a norm is one of all gradients.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFrozenGroupHoldsNoGradientsAndChangesNoOtherUpdate(boolean byRate) {
    OptimizerConfig config = OptimizerConfig.defaults().withLr(1e-2).withClipNorm(0);
    Group group = byRate ? new Group("*.layers.*", 0, 1, false) : Group.frozen("*.layers.*");
    try (LanguageModel model = Tiny.model();
        LanguageModel other = Tiny.model();
        LocalTrainer all = new LocalTrainer(other.decoder(), config, 10)) {
      float[] before = parameter(model, QUERY);
      try (LocalTrainer some = new LocalTrainer(model.decoder(), config.withGroups(group), 10)) {
        assertThat(
                model.decoder().parts().stream().mapToLong(part -> part.gradients().size()).sum())
            .isEqualTo(98 * 32);
        Tiny.step(some, 2);
        Tiny.step(all, 2);
      }
      assertThat(parameter(model, QUERY)).isEqualTo(before);
      for (String name : List.of("model.embed_tokens.weight", "model.norm.weight")) {
        assertThat(parameter(model, name)).isEqualTo(parameter(other, name));
      }
      // The next trainer of the model trains all of it.
      assertThat(model.decoder().parts().get(1).gradients().size())
          .isEqualTo(model.decoder().parts().get(1).values().numElements());
    }
  }

  @Test
  void scalesTheRateOfAGroup() {
    OptimizerConfig plain =
        OptimizerConfig.defaults()
            .withLr(0.1)
            .withName("sgd")
            .withSgd(new Sgd(0, false))
            .withClipNorm(0);
    try (LanguageModel model = Tiny.model();
        LanguageModel half = Tiny.model();
        LocalTrainer one = new LocalTrainer(model.decoder(), plain, 10);
        LocalTrainer two =
            new LocalTrainer(
                half.decoder(),
                plain.withGroups(new Group("*.q_proj.weight", 0.5, 1, false)),
                10)) {
      float[] before = parameter(model, QUERY);
      Tiny.step(one, 1);
      Tiny.step(two, 1);
      float[] whole = parameter(model, QUERY);
      float[] halved = parameter(half, QUERY);
      double moved = 0;
      for (int i = 0; i < before.length; i++) {
        moved = Math.max(moved, Math.abs(whole[i] - before[i]));
        assertThat(Math.abs((whole[i] - before[i]) - 2 * (halved[i] - before[i])))
            .isLessThan(1e-7f);
      }
      assertThat(moved).isGreaterThan(1e-5);
    }
  }

  @Test
  void namesTheKeyOfAWrongSetting() {
    OptimizerConfig config = OptimizerConfig.defaults();
    assertThatThrownBy(() -> config.withName("adam"))
        .hasMessageContaining("optimizer.name")
        .hasMessageContaining("name=adam");
    assertThatThrownBy(() -> new Sgd(1.5, false)).hasMessageContaining("optimizer.sgd.momentum");
    assertThatThrownBy(() -> new OptimizerConfig.Muon(1, 0.9, true, 0))
        .hasMessageContaining("optimizer.muon.iterations");
    try (LanguageModel model = Tiny.model()) {
      OptimizerConfig groups = config.withGroups(Group.frozen("model.layer.*"));
      assertThatThrownBy(() -> new LocalTrainer(model.decoder(), groups, 1))
          .hasMessageContaining("optimizer.groups.0.pattern")
          .hasMessageContaining("pattern=model.layer.*");
    }
  }
}
