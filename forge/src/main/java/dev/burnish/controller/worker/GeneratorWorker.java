package dev.burnish.controller.worker;

import dev.burnish.actor.Context;
import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.Extensions;
import dev.burnish.engine.GeneratorActivity;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.engine.WeightSource;
import dev.burnish.engine.http.HttpGenerator;
import dev.burnish.engine.http.WeightFolders;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.model.ModelSpec;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import dev.burnish.store.VersionedWeights;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// A generator of published weights: waits for the first version, then serves, itself or through a
/// server of another engine. Thread-safe.
public final class GeneratorWorker implements GeneratorActor, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(GeneratorWorker.class.getName());

  private final Generator generator;
  private final Supplier<GeneratorActivity> activity;
  private final Runnable close;
  private final String name =
      "%s pid %d".formatted(Context.current().name(), ProcessHandle.current().pid());

  /// The material of a generator.
  ///
  /// @param weights has the versions of the policy, and the base of an adapted one
  public record Material(GeneratorSpec spec, WeightPlaces weights) {}

  /// @param extensions parts of a script
  /// @throws IllegalArgumentException if there are some, and a server generates in its place
  public GeneratorWorker(Material material, Extensions extensions) {
    GeneratorSpec spec = material.spec();
    requireOwnEngine(spec, extensions);
    requireExact(spec.settings());
    VersionedWeights store = material.weights().of(Context.current().system().self().host());
    ModelSpec model = spec.model();
    store.await(WeightSets.POLICY.trained(), 0);
    Optional<WeightSource> base =
        model.lora().adapts()
            ? Optional.of(
                new StoredWeights(store, WeightSets.POLICY.packedBase(), model.packedParts()))
            : Optional.empty();
    WeightSource policy =
        new StoredWeights(store, WeightSets.POLICY.trained(), model.trainedParts());
    if (spec.server().isSet()) {
      Path folder = Path.of(spec.server().folder());
      WeightFolders folders = new WeightFolders(model, base, policy, folder);
      HttpGenerator remote = HttpGenerator.of(spec.server(), spec.encoder(), folders);
      generator = remote;
      activity = remote::activity;
      close = remote::close;
    } else {
      QueuedGenerator own =
          QueuedGenerator.of(
              model,
              spec.encoder(),
              new QueuedGenerator.Sources(base, policy),
              spec.settings(),
              extensions);
      LOG.log(System.Logger.Level.INFO, "{0}: {1}", name, own.beginning());
      generator = own;
      activity = own::activity;
      close = own::close;
    }
  }

  private static void requireOwnEngine(GeneratorSpec spec, Extensions extensions) {
    if (spec.server().isSet() && !extensions.equals(Extensions.none())) {
      throw new IllegalArgumentException(
          "processors, an observer or an order of requests must run in this engine: server.url=%s; leave server.url out, or generate without them"
              .formatted(spec.server().url()));
    }
  }

  /// Other formats change logprobs: a trainer would correct for a policy that nobody trains, and
  /// the weights are packed once per host in F32.
  private static void requireExact(EngineSettings settings) {
    if (settings.weights() != WeightFormat.F32) {
      throw new IllegalArgumentException(
          "a generator of a loop must compute with its trainer's weights as they are: weights=%s; use F32, and other formats in generate and serve"
              .formatted(settings.weights()));
    }
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    return generator.generate(prompt, sampling, versions).madeBy(name);
  }

  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    return generator.generateAll(prompts, sampling, versions).stream()
        .map(group -> group.madeBy(name))
        .toList();
  }

  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange versions) {
    return generator.score(continuations, versions);
  }

  @Override
  public long updateWeights(long version) {
    return generator.updateWeights(version);
  }

  @Override
  public long version() {
    return generator.version();
  }

  @Override
  public GeneratorActivity activity() {
    return activity.get();
  }

  @Override
  public void close() {
    close.run();
  }
}
