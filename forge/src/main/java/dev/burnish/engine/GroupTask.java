package dev.burnish.engine;

import dev.burnish.nn.DecoderShape;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.TokenVersions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One group while it is made: its prompt, the samples that waves have begun, and how it ended. The
/// thread that runs the waves changes it; others read it once that thread has said that it ended.
final class GroupTask {
  private final int[] prompt;
  private final int index;
  private final SamplingParams sampling;
  private final List<Sequence> samples = new ArrayList<>();
  private RequestListener listener = RequestListener.NONE;
  private boolean aborted;
  private Optional<RuntimeException> failure = Optional.empty();

  private GroupTask(int[] prompt, int index, SamplingParams sampling) {
    this.prompt = prompt;
    this.index = index;
    this.sampling = sampling;
  }

  /// @param index of the prompt in its call
  /// @throws IllegalArgumentException if a model of that shape cannot continue the prompt
  static GroupTask of(int[] prompt, int index, SamplingParams sampling, DecoderShape shape) {
    if (prompt.length == 0 || prompt.length >= shape.maxPositions()) {
      throw new IllegalArgumentException(
          "a prompt must have at least one token and leave room in max_position_embeddings=%d: prompt=%d tokens=%d; shorten it"
              .formatted(shape.maxPositions(), index, prompt.length));
    }
    for (int token : prompt) {
      if (token < 0 || token >= shape.vocabulary()) {
        throw new IllegalArgumentException(
            "a token must lie in [0, %d), the model's vocabulary: prompt=%d token=%d; encode the prompt with the model's own tokenizer"
                .formatted(shape.vocabulary(), index, token));
      }
    }
    return new GroupTask(prompt, index, sampling);
  }

  int[] prompt() {
    return prompt;
  }

  /// Index of the prompt in its call.
  int index() {
    return index;
  }

  SamplingParams sampling() {
    return sampling;
  }

  /// Samples that no wave has begun.
  int remaining() {
    return failure.isPresent() || aborted ? 0 : sampling.n() - samples.size();
  }

  /// Index of the next sample to begin.
  int nextSample() {
    return samples.size();
  }

  RequestListener listener() {
    return listener;
  }

  GroupTask toldTo(RequestListener told) {
    listener = told;
    return this;
  }

  /// Ends the samples that have not ended.
  void abort() {
    aborted = true;
    samples.forEach(Sequence::abort);
  }

  void begin(Sequence sample) {
    samples.add(sample);
  }

  /// Ends the group without completions; the first failure counts.
  void fail(RuntimeException cause) {
    failure = Optional.of(failure.orElse(cause));
  }

  Optional<RuntimeException> failure() {
    return failure;
  }

  /// Whether nothing is left to sample.
  boolean ended() {
    return failure.isPresent() || (remaining() == 0 && samples.stream().allMatch(Sequence::done));
  }

  /// Tokens that were sampled so far.
  long tokens() {
    return samples.stream().mapToLong(Sequence::length).sum();
  }

  /// The completions, after the end.
  ///
  /// @throws RuntimeException the failure, where there was one
  Group group() {
    failure.ifPresent(cause -> {
      throw cause;
    });
    List<Completion> completions = new ArrayList<>();
    samples.forEach(sample -> completions.add(sample.completion()));
    while (completions.size() < sampling.n()) {
      completions.add(
          new Completion(
              new int[0], new float[0], TokenVersions.of(0, 0), "", FinishReason.ABORTED));
    }
    return new Group(prompt, completions);
  }
}
