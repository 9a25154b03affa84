package dev.burnish.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.Region;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Weights;
import dev.burnish.store.Digest;
import dev.burnish.store.Published;
import dev.burnish.testing.TinyModels;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The memory that a controller holds for the trainers of a loop.
class HeldTrainerTest {
  private static final OptimizerConfig OPTIMIZER = OptimizerConfig.defaults();
  private static final LoopPlan PLAN =
      new LoopPlan(1, 4, Updates.of(2).withCritic(OPTIMIZER), 2, OPTIMIZER, TrainConfig.defaults());

  private static LanguageModel model(int rank) {
    LoraConfig none = LoraConfig.defaults();
    LoraConfig lora =
        new LoraConfig(
            rank, none.alpha(), none.dropout(), none.rankStabilized(), none.modules(), Path.of(""));
    return TinyModels.llama(12, 1, 3).adapt(lora, 5);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void theModelThatTrainingBeganFromIsNotNeededAnyMore(int rank) {
    LanguageModel from = model(rank);
    List<Long> weights = Digest.ofParts(from.decoder().weights());
    List<Long> trained = Digest.ofParts(from.decoder().trainedWeights());
    HeldTrainer held = HeldTrainer.policy(from, PLAN);
    from.close();
    assertThatThrownBy(() -> from.decoder().weights().part(0).toFloatArray())
        .isInstanceOf(IllegalStateException.class);
    assertThat(Digest.ofParts(held.model().decoder().weights())).isEqualTo(weights);
    assertThat(Digest.ofParts(held.model().decoder().trainedWeights())).isEqualTo(trained);
    assertThat(held.model().decoder().lora().rank()).isEqualTo(rank);
    assertThat(held.state().stepsDone()).isZero();
    held.close();
  }

  @Test
  void theBaseOfACriticLiesInThatOfThePolicyExceptItsHead() {
    try (LanguageModel from = model(2);
        HeldTrainer policy = HeldTrainer.policy(from, PLAN);
        HeldTrainer critic = policy.critic(OPTIMIZER, PLAN);
        Published ofPolicy = policy.base().orElseThrow();
        Published ofCritic = critic.base().orElseThrow()) {
      assertThat(ofPolicy.set()).isEqualTo("base");
      assertThat(ofCritic.set()).isEqualTo("critic-base");
      int last = ofPolicy.parts().size() - 1;
      List<Region> shared = ofPolicy.parts().subList(0, last);
      assertThat(ofCritic.parts().subList(0, last)).containsExactlyElementsOf(shared);
      assertThat(ofCritic.parts().get(last)).isNotSameAs(ofPolicy.parts().get(last));
      assertThat(critic.model().decoder().shape().head()).isEqualTo(HeadKind.VALUE);
      assertThat(critic.model().decoder().lora().rank()).isEqualTo(2);
      List<FlatLayout> trained = critic.model().decoder().trainedWeights().layouts();
      assertThat(critic.spec().model().trainedLayouts())
          .as("what its process makes of the specification")
          .extracting(FlatLayout::names)
          .isEqualTo(trained.stream().map(FlatLayout::names).toList());
    }
  }

  @Test
  void aCriticOfAWholeModelHasMemoryOfItsOwnAndNoBase() {
    try (LanguageModel from = model(0);
        HeldTrainer policy = HeldTrainer.policy(from, PLAN);
        HeldTrainer critic = policy.critic(OPTIMIZER, PLAN)) {
      assertThat(critic.base()).isEmpty();
      Weights ofPolicy = policy.model().decoder().weights();
      Weights ofCritic = critic.model().decoder().weights();
      float[] before = ofPolicy.part(0).toFloatArray();
      assertThat(ofCritic.part(0).toFloatArray()).isEqualTo(before);
      ofCritic.part(0).fill_(7);
      assertThat(ofPolicy.part(0).toFloatArray()).isEqualTo(before);
    }
  }
}
