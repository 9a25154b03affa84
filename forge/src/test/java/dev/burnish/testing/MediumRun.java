package dev.burnish.testing;

import dev.burnish.Run;
import dev.burnish.host.ResidentMemory;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.Trainer;
import java.util.List;

/// A run of a few steps whose tensors outweigh its JVM: it prints its peak of memory at the end.
public final class MediumRun {
  public record Settings(long seed, int steps, int tokens, double clipNorm) {
    static Settings defaults() {
      return new Settings(1, 3, 1024, 1);
    }
  }

  private MediumRun() {}

  public static void main(String... args) {
    try (Run<Settings> run = Run.start("medium", Settings.defaults(), args)) {
      Settings settings = run.settings();
      run.seed(settings.seed());
      LanguageModel model =
          LanguageModel.random(
              new LlamaConfig(16_000, 512, 1408, 8, 8, 4, 2048, 10_000, 0.02, 1).toJson(),
              settings.seed());
      OptimizerConfig config = OptimizerConfig.defaults().withClipNorm(settings.clipNorm());
      LocalTrainer local = new LocalTrainer(model.decoder(), config, settings.steps());
      Trainer trainer = run.keep(model, CharacterTokenizer.of("ab"), local);
      for (long step : run.steps(settings.steps())) {
        TokenForest forest = new TokenForest();
        int[] ids =
            KeyedRandom.of(settings.seed(), "tokens", step)
                .ints(settings.tokens(), 0, 16_000)
                .toArray();
        Targets targets = new Targets().addNode(forest, forest.add(TokenForest.ROOT, ids), 1);
        run.record(
            trainer.step(MicroBatch.ofCrossEntropy(List.of(new PackedTokens(forest, targets)))));
      }
    }
    System.out.println("measured peak " + ResidentMemory.peak().orElse(0) / 1e9);
  }
}
