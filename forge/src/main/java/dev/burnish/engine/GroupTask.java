package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.engine.sampling.Draw;
import dev.burnish.nn.DecoderShape;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// One request while it is served: its samples, and how it ended. The thread of the engine changes
/// it; others may ask it to end, and read it once it has ended.
final class GroupTask {
  /// A place in the order in which requests are served.
  ///
  /// @param arrival number of the request
  record Place(double rank, long arrival) implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparingDouble(Place::rank).thenComparingLong(Place::arrival);

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }
  }

  private static final double NANOS = 1e9;

  private final Request request;
  private final RequestListener listener;
  private final long submitted = System.nanoTime();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<Sequence> samples = new ArrayList<>();
  private Optional<RuntimeException> failure = Optional.empty();
  private Place place = new Place(0, 0);
  private boolean begun;
  private volatile boolean aborting;

  private GroupTask(Request request, RequestListener listener) {
    this.request = request;
    this.listener = listener;
  }

  /// @throws IllegalArgumentException if a model of that shape cannot continue the prompt, or lacks
  ///   a token that the parameters name
  static GroupTask of(Request request, RequestListener listener, DecoderShape shape) {
    int[] prompt = request.prompt();
    if (prompt.length == 0 || prompt.length >= shape.maxPositions()) {
      throw new IllegalArgumentException(
          "a prompt must have at least one token and leave room in max_position_embeddings=%d: prompt=%d tokens=%d; shorten it"
              .formatted(shape.maxPositions(), request.index(), prompt.length));
    }
    for (int token : prompt) {
      if (token < 0 || token >= shape.vocabulary()) {
        throw new IllegalArgumentException(
            "a token must lie in [0, %d), the model's vocabulary: prompt=%d token=%d; encode the prompt with the model's own tokenizer"
                .formatted(shape.vocabulary(), request.index(), token));
      }
    }
    request.sampling().requireVocabulary(shape.vocabulary());
    return new GroupTask(request, listener);
  }

  Request request() {
    return request;
  }

  int[] prompt() {
    return request.prompt();
  }

  SamplingParams sampling() {
    return request.sampling();
  }

  List<Sequence> samples() {
    return samples;
  }

  /// Gives it its samples, and its place among the requests of an engine.
  void arrive(Place given, List<Sequence> sequences) {
    place = given;
    samples.addAll(sequences);
    for (int i = 0; i < request.begun().size(); i++) {
      samples.get(i).resume(request.begun().get(i));
    }
  }

  /// Its place among the requests of an engine.
  Place place() {
    return place;
  }

  /// Says that the keys of a sample are being computed.
  void begin() {
    begun = true;
  }

  /// Whether the keys of a sample have been computed; the weights in use are in its range then.
  boolean begun() {
    return begun;
  }

  /// Asks for its end. Any thread.
  void requestAbort() {
    aborting = true;
  }

  double secondsWaited(long now) {
    return (now - submitted) / NANOS;
  }

  /// Whether somebody has asked for its end, or its time is over.
  boolean mustEnd(long now) {
    return aborting
        || request.timeout().filter(limit -> now - submitted >= limit.toNanos()).isPresent();
  }

  /// Ends the samples that have not ended.
  void abort() {
    for (Sequence sample : samples) {
      if (!sample.done()) {
        sample.abort();
        tellEnd(sample);
      }
    }
  }

  /// Ends it without completions; the first failure counts.
  void fail(RuntimeException cause) {
    failure = Optional.of(failure.orElse(cause));
  }

  Optional<RuntimeException> failure() {
    return failure;
  }

  /// Tells of a token that a sample got, and of the sample's end.
  void tell(Sequence sample, Draw.Drawn draw) {
    listener.token(new RequestListener.SampledToken(sample.sample(), draw.token(), draw.logprob()));
    if (sample.done()) {
      tellEnd(sample);
    }
  }

  private void tellEnd(Sequence sample) {
    try {
      listener.ended(sample.sample(), sample.completion());
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /// Whether nothing is left to sample.
  boolean isOver() {
    return failure.isPresent() || samples.stream().allMatch(Sequence::done);
  }

  /// Lets go whoever waits.
  void complete() {
    ended.countDown();
  }

  boolean isComplete() {
    return ended.getCount() == 0;
  }

  void await() throws InterruptedException {
    Waits.await(ended);
  }

  /// Tokens that were sampled so far, without those that it began with.
  long tokens() {
    long begun = request.begun().stream().mapToLong(completion -> completion.tokens().length).sum();
    return samples.stream().mapToLong(Sequence::length).sum() - begun;
  }

  /// The completions, after the end.
  ///
  /// @throws RuntimeException the failure, where there was one
  Group group() {
    failure.ifPresent(cause -> {
      throw cause;
    });
    return Group.bestOf(
        request.prompt(), samples.stream().map(Sequence::completion).toList(), sampling().n());
  }
}
