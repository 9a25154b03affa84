package dev.burnish.controller.recording;

import dev.burnish.controller.recording.StepRecording.Entry.Begun;
import dev.burnish.controller.worker.Opened;
import dev.burnish.controller.worker.TrainerSpec;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.ModelSpec;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.Weights;
import dev.burnish.store.Digest;
import dev.burnish.tensor.Device;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.StepReport;
import dev.burnish.train.checkpoint.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.Function;
import java.util.stream.Stream;

/// A trainer of this process, made from what a recording says of the run's. One thread.
final class ReplayTrainer implements AutoCloseable {
  private final Begun begun;
  private final Function<String, LanguageModel> sources;
  private final Opened open = new Opened();
  private final LanguageModel model;
  private final LocalTrainer trainer;

  /// A trainer whose weights are zero until it is restored.
  ///
  /// @param sources loads the model under an adaptation
  ReplayTrainer(Begun begun, Function<String, LanguageModel> sources) {
    this.begun = begun;
    this.sources = sources;
    TrainerSpec spec = begun.spec();
    try {
      model = open.add(model(spec.model()));
      trainer =
          open.add(
              new LocalTrainer(
                  model.decoder(), spec.optimizer(), spec.totalSteps(), spec.train().options()));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private LanguageModel model(ModelSpec spec) {
    Weights trained = open.add(Weights.zeros(spec.trainedLayouts(), Device.CPU));
    return spec.lora().adapts()
        ? spec.over(base(spec.head()).decoder().weights(), Optional.of(trained))
        : spec.over(trained, Optional.empty());
  }

  private LanguageModel base(HeadKind head) {
    if (begun.source().isEmpty()) {
      throw new IllegalArgumentException(
          "an adaptation must be of a model with a name to be replayed: source=none; the run adapted a model that its script made");
    }
    LanguageModel source = open.add(sources.apply(begun.source()));
    return head == HeadKind.VALUE ? open.add(source.critic()) : source;
  }

  void restore(Snapshot snapshot) {
    trainer.restore(snapshot);
  }

  long stepsDone() {
    return trainer.stepsDone();
  }

  void step(List<MicroBatch> batch) {
    StepReport ignored = trainer.step(batch);
  }

  /// The digest of each part of the weights.
  List<Long> digests() {
    return Digest.ofParts(model.decoder().trainedWeights());
  }

  /// The first parameter of a part.
  String firstOf(int part) {
    SequencedSet<String> names = model.decoder().trainedWeights().layouts().get(part).names();
    return names.isEmpty() ? "nothing" : names.getFirst();
  }

  /// This trainer, or where the run was resumed with other settings a trainer with those, which has
  /// the state of this one; this one is closed then.
  ReplayTrainer as(Begun next) {
    if (next.spec().equals(begun.spec())) {
      return this;
    }
    Path folder = temporary();
    try {
      trainer.save(folder.resolve("state").toString());
      close();
      ReplayTrainer other = new ReplayTrainer(next, sources);
      try {
        other.restore(Snapshot.open(folder.resolve("state")));
        return other;
      } catch (RuntimeException e) {
        other.close();
        throw e;
      }
    } finally {
      delete(folder);
    }
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("burnish-replay-");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a folder for the trainer's state: " + e, e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove folder=" + folder + ": " + e, e);
    }
  }

  /// Again has no effect.
  @Override
  public void close() {
    open.close();
  }
}
