package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Parameters;
import dev.burnish.train.MemoryConfig.Offload;
import dev.burnish.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Training an adapted model: what moves, what is stored, and that it resumes from a snapshot.
class LoraTrainingTest {
  private static final LoraConfig LORA = LoraConfig.defaults().withRank(4).withDropout(0.1);
  private static final OptimizerConfig CONFIG = OptimizerConfig.defaults().withLr(1e-2);

  @TempDir Path folder;

  private static LanguageModel model() {
    return Tiny.model().adapt(LORA, 3);
  }

  private static List<float[]> values(List<Parameters> parts) {
    return parts.stream().map(part -> part.values().toFloatArray()).toList();
  }

  private static void assertSameBits(List<float[]> actual, List<float[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).isEqualTo(expected.get(i));
    }
  }

  @Test
  void learnsWithAnUnmovedBase() {
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 40)) {
      List<float[]> base = values(model.decoder().parts());
      List<PackedTokens> batch = Tiny.batches(1, 2);
      double first = trainer.step(MicroBatch.ofCrossEntropy(batch)).loss();
      double last = first;
      for (int i = 0; i < 40; i++) {
        last = trainer.step(MicroBatch.ofCrossEntropy(batch)).loss();
      }
      assertThat(last).isLessThan(0.8 * first);
      assertSameBits(values(model.decoder().parts()), base);
    }
  }

  /// Nothing is updated, so that the only difference is the part that is left out.
  @Test
  void leavesOutOtherElementsInEachStepAndTheSameInAStepDoneAgain() {
    List<PackedTokens> batch = Tiny.batches(1, 2);
    List<List<Double>> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (LanguageModel model = Tiny.model().adapt(LORA.withDropout(0.5), 3);
          LocalTrainer trained = new LocalTrainer(model.decoder(), CONFIG, 9)) {
        trained.step(MicroBatch.ofCrossEntropy(batch));
        try (LocalTrainer still = new LocalTrainer(model.decoder(), CONFIG.withLr(0), 9)) {
          runs.add(
              List.of(
                  still.step(MicroBatch.ofCrossEntropy(batch)).loss(),
                  still.step(MicroBatch.ofCrossEntropy(batch)).loss()));
        }
      }
    }
    assertThat(runs.get(0)).doesNotHaveDuplicates();
    assertThat(runs.get(1)).isEqualTo(runs.get(0));
  }

  @Test
  void storesGradientsAndMomentsOfTheAdaptationAlone() {
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 10)) {
      List<PackedTokens> batch = Tiny.batches(1, 2);
      List<Boolean> baseHadGradients = new ArrayList<>();
      trainer.gradients(MicroBatch.ofCrossEntropy(batch));
      model.decoder().parts().forEach(part -> baseHadGradients.add(part.gradients().exist()));
      long gradients =
          model.decoder().trained().stream()
              .filter(part -> part.gradients().exist())
              .mapToLong(part -> part.gradients().values().numElements())
              .sum();
      model.decoder().freeGradients();
      long moments = 0;
      for (int part = 0; part < model.decoder().trained().size(); part++) {
        for (Moments.Order order : Moments.Order.values()) {
          moments += trainer.optimizer().moments().elements(order, part);
        }
      }
      assertThat(baseHadGradients).containsOnly(false);
      assertThat(gradients).isEqualTo(model.decoder().numTrained());
      assertThat(moments).isEqualTo(2 * model.decoder().numTrained());
      assertThat(model.decoder().numTrained())
          .isLessThan(model.decoder().numParameters() / 3)
          .isPositive();
    }
  }

  @Test
  void goesOnFromACheckpointOfTheAdaptationAloneWithTheSameBits() throws IOException {
    List<float[]> undisturbed;
    Path kept = folder.resolve("checkpoints");
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 10);
        Checkpoints checkpoints = Checkpoints.open(kept)) {
      for (int i = 0; i < 3; i++) {
        Tiny.step(trainer, 2);
      }
      Map<String, byte[]> sections = Map.of(LocalTrainer.SECTION, trainer.state());
      checkpoints.save(3, trainer.freeze(), sections, Optional.empty());
      for (int i = 0; i < 3; i++) {
        Tiny.step(trainer, 2);
      }
      undisturbed = values(model.decoder().trained());
      checkpoints.await();
      long bytes = 0;
      try (Stream<Path> files = Files.walk(kept)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
          bytes += Files.size(file);
        }
      }
      assertThat(bytes)
          .isGreaterThan(12 * model.decoder().numTrained())
          .isLessThan(4 * model.decoder().numParameters());
    }
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 10);
        Checkpoints checkpoints = Checkpoints.open(kept)) {
      trainer.restore(checkpoints.newest(_ -> {}).orElseThrow());
      for (int i = 0; i < 3; i++) {
        Tiny.step(trainer, 2);
      }
      assertSameBits(values(model.decoder().trained()), undisturbed);
    }
  }

  @Test
  void trainsAlikeWithItsStateInAFile() {
    List<List<float[]>> runs = new ArrayList<>();
    for (Offload offload : List.of(Offload.NEVER, Offload.ALWAYS)) {
      TrainerOptions options =
          TrainerOptions.defaults()
              .withMemory(MemoryConfig.defaults().withOffload(offload).withFolder(folder));
      try (LanguageModel model = model();
          LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 10, options)) {
        for (int i = 0; i < 3; i++) {
          Tiny.step(trainer, 2);
        }
        runs.add(values(model.decoder().trained()));
      }
    }
    assertSameBits(runs.get(1), runs.get(0));
  }
}
