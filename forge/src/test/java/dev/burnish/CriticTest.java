package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.controller.LoopSettings;
import dev.burnish.controller.TrainingLoop;
import dev.burnish.controller.Updates;
import dev.burnish.env.SumDigitsTask;
import dev.burnish.learn.PpoConfig;
import dev.burnish.learn.PpoLearner;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.rollout.Rollout;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.Trainer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Critics as scripts make them: of this process in a script without a loop, of a process of its
/// own in one with a loop.
@Timeout(120)
class CriticTest {
  private static final TrainingSettings SETTINGS = TrainingSettings.defaults().withSteps(1);
  private static final OptimizerConfig OPTIMIZER = OptimizerConfig.defaults().withLr(1e-2);

  @TempDir private Path folder;

  private Run<TrainingSettings> run() {
    return Run.start("critic", SETTINGS, "--runs", folder.toString());
  }

  private static Pretrained untrained() {
    CharacterTokenizer characters = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    LanguageModel model =
        TinyModels.llama(characters.vocabularySize(), characters.endId().orElseThrow(), 1);
    return new Pretrained(
        model, characters, Optional.empty(), SamplingParams.defaults(), List.of());
  }

  @Test
  void aScriptWithoutALoopTrainsACriticInThisProcess() {
    SumDigitsTask task = new SumDigitsTask(3, 8, 1);
    SamplingParams sampling = SamplingParams.defaults().withN(4).withMaxTokens(4);
    Path left;
    try (Pretrained base = untrained();
        Run<TrainingSettings> run = run()) {
      left = run.folder();
      Trainer policy = run.trainer(base, SETTINGS, 2);
      Trainer critic = run.critic(base, SETTINGS, OPTIMIZER, 2);
      PpoConfig config = PpoConfig.defaults().withEpochs(1);
      PpoLearner learner = new PpoLearner(policy, critic, config);
      for (long step : run.steps(1)) {
        List<Rollout> rollouts = Rollout.sample(base.generator(), task.training(step, 2), sampling);
        run.record(learner.step(Rollout.score(rollouts, (_, text, _) -> text.length()), 1));
      }
    }
    try (LanguageModel critic = LanguageModel.load(left.resolve("critic/model"));
        LanguageModel policy = LanguageModel.load(left.resolve("model"))) {
      assertThat(critic.decoder().shape().head()).isEqualTo(HeadKind.VALUE);
      assertThat(policy.decoder().shape().head()).isNotEqualTo(HeadKind.VALUE);
      assertThat(critic.decoder().part("score.weight").value("score.weight").toFloatArray())
          .as("its head begins with zeros")
          .isNotEqualTo(new float[critic.decoder().shape().hidden()]);
    }
  }

  @Test
  void aLoopWithoutACriticSaysHowToGetOne() {
    LoopSettings threads = LoopSettings.defaults().with(Processes.THREADS);
    try (Run<TrainingSettings> run = run()) {
      TrainingLoop loop = run.loop(untrained(), SETTINGS, threads, 2);
      assertThatThrownBy(loop::critic)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("critic=none")
          .hasMessageContaining("withCritic");
    }
  }

  @Test
  void aStepHasAnUpdate() {
    assertThatThrownBy(() -> Updates.of(0)).hasMessageContaining("perStep=0");
    assertThat(Updates.of(3).withCritic(OPTIMIZER).critic()).contains(OPTIMIZER);
  }
}
