package dev.burnish.rollout;

import java.util.List;

/// A generator whose calls that name no versions of the weights are made with those given.
///
/// @param versions of calls that name none
public record PinnedGenerator(Generator generator, VersionRange versions) implements Generator {
  @Override
  public Group generate(Prompt prompt, SamplingParams sampling) {
    return generator.generate(prompt, sampling, versions);
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange given) {
    return generator.generate(prompt, sampling, given);
  }

  @Override
  public List<Group> generateAll(List<Prompt> prompts, SamplingParams sampling) {
    return generator.generateAll(prompts, sampling, versions);
  }

  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange given) {
    return generator.generateAll(prompts, sampling, given);
  }

  @Override
  public List<Score> score(List<Continuation> continuations) {
    return generator.score(continuations, versions);
  }

  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange given) {
    return generator.score(continuations, given);
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
  public Generator conversation(String key) {
    return new PinnedGenerator(generator.conversation(key), versions);
  }
}
