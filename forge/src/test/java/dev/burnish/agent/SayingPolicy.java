package dev.burnish.agent;

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
import dev.burnish.text.Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/// A policy that says what a function of the text that it reads tells it to, and remembers what it
/// was asked.
final class SayingPolicy implements Generator {
  final List<int[]> prompts = Collections.synchronizedList(new ArrayList<>());
  final List<SamplingParams> samplings = Collections.synchronizedList(new ArrayList<>());
  private final Tokenizer tokenizer;
  private final Function<String, int[]> says;

  SayingPolicy(Tokenizer tokenizer, Function<String, int[]> says) {
    this.tokenizer = tokenizer;
    this.says = says;
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    int[] ids = ((Prompt.Tokens) prompt).ids();
    prompts.add(ids);
    samplings.add(sampling);
    int[] said = says.apply(tokenizer.decode(ids));
    return new Group(
        ids,
        List.of(
            new Completion(
                said,
                new float[said.length],
                TokenVersions.of(3, said.length),
                tokenizer.decode(said, true),
                FinishReason.STOP)));
  }

  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    throw new UnsupportedOperationException("one by one");
  }

  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange versions) {
    throw new UnsupportedOperationException("no scores");
  }

  @Override
  public long updateWeights(long version) {
    return version;
  }

  @Override
  public long version() {
    return 3;
  }
}
