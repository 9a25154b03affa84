package dev.burnish.controller;

import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.model.LanguageModel;
import dev.burnish.rl.replay.BufferConfig;
import dev.burnish.rl.replay.MemoryBuffer;
import dev.burnish.rl.replay.ReplayBuffer;
import dev.burnish.rollout.Generator;
import dev.burnish.run.TrainedModel;
import dev.burnish.train.ReferenceModel;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The parts of a loop in this process, for a run that only plans its first step: nothing is
/// trained, so there is one version of the weights.
final class InlineParts implements LoopParts {
  private final Trainers trainers;
  private final QueuedGenerator generator;
  private final ReplayBuffer buffer;

  InlineParts(Trainers trainers, TrainedModel policy, BufferConfig config) {
    this.trainers = trainers;
    this.buffer = new MemoryBuffer(config);
    generator =
        QueuedGenerator.over(
            policy.model(),
            new PromptEncoder(Optional.of(policy.tokenizer()), policy.tokenizer().chatTemplate()),
            EngineSettings.defaults());
  }

  @Override
  public Trainers trainers() {
    return trainers;
  }

  @Override
  public Generator generator() {
    return generator;
  }

  @Override
  public ReplayBuffer buffer() {
    return buffer;
  }

  @Override
  public ReferenceModel reference(Supplier<LanguageModel> first) {
    return ReferenceModel.of(first.get().decoder());
  }

  /// Nothing is kept: there is one version, that of the model.
  @Override
  public void retain(long oldest) {}

  @Override
  public List<Long> publish(long version, long oldest) {
    return List.of();
  }

  @Override
  public List<Long> digests(long version) {
    return List.of();
  }

  @Override
  public void report(LoopHome home) {
    home.record(generator.activity());
  }

  @Override
  public void close() {
    generator.close();
  }
}
