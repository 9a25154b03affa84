package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.controller.LoopSettings;
import dev.burnish.controller.TrainingLoop;
import dev.burnish.controller.worker.GeneratorWorker;
import dev.burnish.engine.Extensions;
import dev.burnish.engine.sampling.Logits;
import dev.burnish.engine.sampling.LogitsProcessor;
import dev.burnish.engine.sampling.SequenceView;
import dev.burnish.env.SumDigitsTask;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Parts of a script in generators of other processes.
@Timeout(120)
class GeneratorPartsTest {
  private static final TrainingSettings SETTINGS = TrainingSettings.defaults().withSteps(1);

  @TempDir private Path folder;

  /// Leaves one token.
  private record Only(int token) implements LogitsProcessor {
    @Override
    public void process(SequenceView sequence, Logits logits) {
      logits.set(token, 1e6f);
    }
  }

  private Run<TrainingSettings> run() {
    return Run.start("parts", SETTINGS, "--runs", folder.toString());
  }

  private static Pretrained untrained() {
    CharacterTokenizer characters = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    LanguageModel model =
        TinyModels.llama(characters.vocabularySize(), characters.endId().orElseThrow(), 1);
    return new Pretrained(
        model, characters, Optional.empty(), SamplingParams.defaults(), List.of());
  }

  @ParameterizedTest
  @EnumSource
  void aProcessorOfAScriptRunsWhereTheTokensAreSampled(Processes kind) {
    int token = 4;
    try (Run<TrainingSettings> run = run()) {
      run.generators(material ->
          new GeneratorWorker(
              material, Extensions.none().withProcessors(List.of(new Only(token)))));
      TrainingLoop loop = run.loop(untrained(), SETTINGS, LoopSettings.defaults().with(kind), 2);
      SamplingParams sampling = SamplingParams.defaults().withN(2).withMaxTokens(5);
      Group group = loop.policy(0).generate(Prompt.tokens(2, 3), sampling);
      assertThat(group.completions())
          .extracting(Completion::tokens)
          .containsExactly(new int[] {4, 4, 4, 4, 4}, new int[] {4, 4, 4, 4, 4});
    }
  }

  @Test
  void partsThatDoNotTravelAreRefusedWithTheCure() {
    LogitsProcessor here = (_, _) -> {};
    try (Run<TrainingSettings> run = run()) {
      run.generators(material ->
          new GeneratorWorker(material, Extensions.none().withProcessors(List.of(here))));
      LoopSettings settings = LoopSettings.defaults().with(Processes.THREADS);
      assertThatThrownBy(() -> run.loop(untrained(), SETTINGS, settings, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("LogitsProcessor");
    }
  }
}
