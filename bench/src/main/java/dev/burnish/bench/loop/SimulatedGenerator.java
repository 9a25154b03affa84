package dev.burnish.bench.loop;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.KeyedRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A generator that answers after a delay, with as many bytes as if it had computed.
final class SimulatedGenerator implements Generator {
  private final Duration time;
  private volatile long version;

  /// @param nanos that a group takes
  SimulatedGenerator(long nanos) {
    this.time = Duration.ofNanos(nanos);
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    sleep(time);
    List<Completion> completions = new ArrayList<>();
    for (int i = 0; i < sampling.n(); i++) {
      int[] tokens =
          KeyedRandom.of(sampling.seed(), "simulated", i)
              .ints(sampling.maxTokens(), 0, 30_000)
              .toArray();
      completions.add(
          new Completion(
              tokens,
              new float[tokens.length],
              TokenVersions.of(versions.least(), tokens.length),
              "",
              FinishReason.LENGTH));
    }
    return new Group(((Prompt.Tokens) prompt).ids(), completions);
  }

  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    return prompts.stream().map(prompt -> generate(prompt, sampling, versions)).toList();
  }

  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange versions) {
    throw new UnsupportedOperationException("a simulated generator has no model to score with");
  }

  @Override
  public long updateWeights(long next) {
    version = next;
    return next;
  }

  @Override
  public long version() {
    return version;
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
