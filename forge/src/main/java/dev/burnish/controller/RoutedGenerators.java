package dev.burnish.controller;

import dev.burnish.controller.worker.GeneratorActor;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import dev.burnish.service.Service;
import java.util.List;

/// The generators of a service as one: each call goes to the least loaded, those of a conversation
/// to one replica. Thread-safe.
///
/// @param routed for calls of no conversation
record RoutedGenerators(Service<GeneratorActor> service, Generator routed) implements Generator {
  /// @param service whose router knows keys
  static RoutedGenerators of(Service<GeneratorActor> service) {
    return new RoutedGenerators(service, service.route());
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    return routed.generate(prompt, sampling, versions);
  }

  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    return routed.generateAll(prompts, sampling, versions);
  }

  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange versions) {
    return routed.score(continuations, versions);
  }

  @Override
  public long updateWeights(long version) {
    return routed.updateWeights(version);
  }

  @Override
  public long version() {
    return routed.version();
  }

  @Override
  public Generator conversation(String key) {
    return service.route(service.options().withKey(key));
  }
}
