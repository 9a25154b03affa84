package dev.burnish.engine;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Priority;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.VersionRange;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// One prompt that a generator is to continue.
///
/// @param prompt token ids
/// @param sampling how many samples, and how their tokens are drawn
/// @param index of the prompt in its call; draws depend on it, as they do on the seed
/// @param versions of the weights that may sample its tokens
/// @param timeout from submission on; then the request is aborted
/// @param begun completions that the first samples continue: those of an aborted request, whose
///   other fields must be the same for the same tokens. None by default
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Request(
    int[] prompt,
    SamplingParams sampling,
    int index,
    VersionRange versions,
    Optional<Duration> timeout,
    List<Completion> begun) {
  public Request {
    begun = List.copyOf(begun);
    if (begun.size() > sampling.bestOf()) {
      throw new IllegalArgumentException(
          "no more completions may be continued than there are samples: begun=%d bestOf=%d"
              .formatted(begun.size(), sampling.bestOf()));
    }
  }

  /// The only prompt of a call, with any weights, without a timeout.
  public static Request of(int[] prompt, SamplingParams sampling) {
    return new Request(prompt, sampling, 0, VersionRange.ANY, Optional.empty(), List.of());
  }

  public Request withSampling(SamplingParams value) {
    return new Request(prompt, value, index, versions, timeout, begun);
  }

  public Request withIndex(int value) {
    return new Request(prompt, sampling, value, versions, timeout, begun);
  }

  public Request withVersions(VersionRange value) {
    return new Request(prompt, sampling, index, value, timeout, begun);
  }

  /// Among the requests that wait.
  public Priority priority() {
    return sampling.priority();
  }

  public Request withPriority(Priority value) {
    return withSampling(sampling.withPriority(value));
  }

  public Request withTimeout(Duration value) {
    return new Request(prompt, sampling, index, versions, Optional.of(value), begun);
  }

  /// The same, continuing the completions of an aborted request.
  public Request continuing(List<Completion> completions) {
    return new Request(prompt, sampling, index, versions, timeout, completions);
  }
}
