package dev.burnish.engine.http;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Waits;
import dev.burnish.engine.GeneratorActivity;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.nn.Canary;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;

/// A generator that is a server of vLLM, SGLang or Burnish: token ids go there, token ids and
/// logprobs come back. A script that trains with it is the same as with a generator of its own.
///
/// The version of the weights is kept here: a request is sent with the version that the server has,
/// and new weights are loaded once no request of ours is under way, so that every token is of the
/// version that its completion says. Where the publisher of a version computed something with it,
/// the server has to agree about as much before it is used. A refused update leaves the version
/// before in use; after one whose outcome is unknown, every call fails until an update succeeds.
///
/// Calls wait in the caller's thread. Thread-safe.
public final class HttpGenerator implements Generator, AutoCloseable {
  /// Servers compute in formats of their own: BF16 differs by hundredths.
  private static final double TOLERANCE = 0.25;

  private final EngineServer server;
  private final PromptEncoder encoder;
  private final Optional<WeightFolders> folders;
  private final Semaphore requests;
  private final RequestMeter meter = new RequestMeter();
  private final ReentrantReadWriteLock weights = new ReentrantReadWriteLock(true);
  private volatile long version;
  private boolean loadedOnce; // by the write lock
  private volatile Optional<String> unknown = Optional.empty();

  private HttpGenerator(
      EngineServer server, PromptEncoder encoder, Optional<WeightFolders> folders, int requests) {
    this.server = server;
    this.encoder = encoder;
    this.folders = folders;
    this.requests = new Semaphore(requests);
  }

  /// A server whose weights are those of version 0 and stay.
  public static HttpGenerator of(ServerSettings settings, PromptEncoder encoder) {
    return new HttpGenerator(server(settings), encoder, Optional.empty(), settings.requests());
  }

  /// A server that loads the versions of a policy. It begins with the newest.
  ///
  /// @throws IllegalArgumentException if the server refuses them
  /// @throws ServerFailed if it does not answer as it should
  public static HttpGenerator of(
      ServerSettings settings, PromptEncoder encoder, WeightFolders folders) {
    HttpGenerator generator =
        new HttpGenerator(server(settings), encoder, Optional.of(folders), settings.requests());
    try {
      generator.load(VersionRange.ANY);
      return generator;
    } catch (RuntimeException e) {
      generator.close();
      throw e;
    }
  }

  private static EngineServer server(ServerSettings settings) {
    if (!settings.isSet()) {
      throw new IllegalArgumentException("server.url must be set: url is empty");
    }
    JsonCaller caller = new JsonCaller(URI.create(settings.url()), key(settings));
    return switch (settings.kind()) {
      case BURNISH, VLLM -> new CompletionsServer(caller, settings);
      case SGLANG -> new SglangServer(caller, settings);
    };
  }

  private static Optional<String> key(ServerSettings settings) {
    if (settings.keyVariable().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Optional.ofNullable(System.getenv(settings.keyVariable()))
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "the variable of server.keyVariable must be set: keyVariable="
                        + settings.keyVariable())));
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    return generateAll(List.of(prompt), sampling, versions).getFirst();
  }

  /// @throws CancellationException if the caller is interrupted, which stays set; the server ends
  ///   the requests when it sees that their connections are closed
  /// @throws ServerFailed if the server does not answer as it should
  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    List<int[]> tokens = prompts.stream().map(encoder::encode).toList();
    enter(versions);
    try {
      long held = version;
      if (tokens.size() == 1) {
        return List.of(group(tokens.getFirst(), sampling, 0, held));
      }
      List<Integer> indexes = IntStream.range(0, tokens.size()).boxed().toList();
      return Scope.map(indexes, index -> group(tokens.get(index), sampling, index, held));
    } finally {
      weights.readLock().unlock();
    }
  }

  /// Not available: servers give the logprobs of what they sample.
  ///
  /// @throws IllegalArgumentException always
  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange versions) {
    throw new IllegalArgumentException(
        "a generator must be the run's own to score given tokens: continuations=%d; leave server.url out, or score with the reference model"
            .formatted(continuations.size()));
  }

  /// Takes the read lock while the weights are of a version in the range.
  @SuppressWarnings("LockNotBeforeTry") // released by those who enter
  private void enter(VersionRange versions) {
    while (true) {
      weights.readLock().lock();
      if (unknown.isEmpty() && versions.contains(version)) {
        return;
      }
      weights.readLock().unlock();
      requireKnown();
      load(versions);
    }
  }

  private void requireKnown() {
    unknown.ifPresent(why -> {
      throw new ServerFailed(
          "a server must have weights of a known version, and its last update failed: %s; update it again or restart it"
              .formatted(why));
    });
  }

  private Group group(int[] prompt, SamplingParams sampling, int index, long held) {
    try {
      requests.acquire();
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while waiting to send a request");
    }
    meter.begin();
    long tokens = 0;
    try {
      List<Completion> completions =
          server.complete(new EngineServer.Asked(prompt, sampling, index, held));
      tokens = completions.stream().mapToLong(completion -> completion.tokens().length).sum();
      return new Group(prompt, completions);
    } finally {
      meter.end(tokens);
      requests.release();
    }
  }

  /// Loads the weights of `version` once no request is under way, and returns the version in use.
  ///
  /// @throws IllegalArgumentException if there are no such weights, or the server refuses them,
  ///   with its words: the version before stays in use
  /// @throws ServerFailed if it is not known which weights the server has
  @Override
  public long updateWeights(long wanted) {
    load(VersionRange.exactly(wanted));
    return version;
  }

  private void load(VersionRange versions) {
    weights.writeLock().lock();
    try {
      if (unknown.isEmpty() && folders.isPresent() && isLoaded(versions)) {
        return;
      }
      WeightFolders source =
          folders.orElseThrow(() ->
              new IllegalArgumentException(
                  "this server keeps its weights: version=%d asked=%s"
                      .formatted(version, versions)));
      load(source.write(versions));
    } finally {
      weights.writeLock().unlock();
    }
  }

  private boolean isLoaded(VersionRange versions) {
    return loadedOnce && versions.contains(version);
  }

  private void load(WeightFolders.Written written) {
    long next = written.version();
    try {
      meter.timeWeights(() -> {
        server.load(written.folder(), next);
        written.canary().ifPresent(canary -> requireSame(canary, next));
      });
    } catch (ServerFailed | CancellationException e) {
      unknown = Optional.of(String.valueOf(e.getMessage()));
      throw e;
    }
    version = next;
    loadedOnce = true;
    unknown = Optional.empty();
  }

  /// Asks the server for the token that the publisher of a version found most likely.
  private void requireSame(Canary canary, long next) {
    int length = canary.logprobs().size();
    int[] prompt = canary.tokens().stream().limit(length).mapToInt(Integer::intValue).toArray();
    SamplingParams greedy = SamplingParams.greedy(1).withEnd(SamplingParams.Stop.AtEnd.CONTINUE);
    float[] logprobs;
    try {
      logprobs =
          server.complete(new EngineServer.Asked(prompt, greedy, 0, next)).getFirst().logprobs();
    } catch (IllegalArgumentException e) {
      // It has the new weights, so this is no refusal of the update.
      throw new ServerFailed(
          "a server must generate with the weights that it loaded: version=%d".formatted(next), e);
    }
    float published = canary.logprobs().getLast();
    if (logprobs.length != 1 || !(Math.abs(logprobs[0] - published) <= TOLERANCE)) {
      throw new ServerFailed(
          "a server must compute what the publisher of its weights computed, within %s: version=%d logprob=%s published=%s, and version=%d was in use before; see that it serves this model from server.folder"
              .formatted(TOLERANCE, next, Arrays.toString(logprobs), published, version));
    }
  }

  @Override
  public long version() {
    return version;
  }

  /// The activity of the requests since the last call of this method.
  public GeneratorActivity activity() {
    return meter.take();
  }

  @Override
  public void close() {
    server.close();
  }
}
