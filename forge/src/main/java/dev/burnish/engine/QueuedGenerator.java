package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.ModelSpec;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.Weights;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.VersionRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// A generator for many callers at once, with weights that others publish. A thread of its own
/// takes whatever waits as one wave; a caller waits until his groups are done, not the wave.
///
/// The oldest call decides which version of the weights a wave begins with, and all calls whose
/// range holds it take part. Calls that are bound to one version thus get exactly that, loaded
/// between two waves, in place. Where the range of every running call holds an announced version
/// ([#updateWeights]), it is laid out beside the one in use, part by part between two steps, and
/// swapped under the running sequences: later tokens carry the new version, and the keys and values
/// of earlier ones stay, as in other engines. That needs memory for a second version.
///
/// A caller who is interrupted takes his groups out of the wave at its next step, and a group that
/// fails (weights or a prompt without finite logits) fails its caller alone. Memory: the packed
/// weights, the embedding, and the cache of a wave. Thread-safe.
public final class QueuedGenerator implements Generator, AutoCloseable {
  private final PromptEncoder encoder;
  private final CallQueue queue = new CallQueue();
  private final WeightSwitch weights;
  private final Wave.Setting setting;
  private final ActivityMeter meter = new ActivityMeter();
  private final Thread thread;

  /// Starts with the newest version of the policy.
  ///
  /// @param spec of the policy
  /// @param encoder of its prompts; completions have no text where it has no tokenizer
  /// @param base the weights under an adaptation, in one version, where the policy is adapted
  /// @param versions of the weights that are trained: the policy's, or those of its adaptation
  /// @throws IllegalArgumentException if there is no version yet, or it is of another model
  public QueuedGenerator(
      ModelSpec spec,
      PromptEncoder encoder,
      Optional<WeightSource> base,
      WeightSource versions,
      EngineSettings settings) {
    this.encoder = encoder;
    ServedModel model = ServedModel.of(spec, base);
    setting =
        new Wave.Setting(
            model.decoder().shape(),
            model.decoder().device(),
            new Sequence.Endings(model.endTokens(), encoder.tokenizer()),
            settings);
    try {
      weights = new WeightSwitch(model, versions, queue);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    thread = Thread.ofPlatform().name("generator").daemon().start(this::serve);
  }

  /// A generator of a model whose weights do not change.
  ///
  /// @param model to be open while this is
  public static QueuedGenerator over(
      LanguageModel model, PromptEncoder encoder, EngineSettings settings) {
    Optional<WeightSource> base =
        model.decoder().lora().adapts()
            ? Optional.of(only(model.decoder().weights()))
            : Optional.empty();
    return new QueuedGenerator(
        model.spec(), encoder, base, only(model.decoder().trainedWeights()), settings);
  }

  private static WeightSource only(Weights weights) {
    return versions ->
        new WeightSource.Snapshot(
            Math.max(versions.least(), 0),
            IntStream.range(0, weights.numParts()).mapToObj(weights::part).toList(),
            () -> {});
  }

  /// The load of the generator, and its totals.
  public EngineStats stats() {
    return new EngineStats(
        new EngineStats.Load(0, queue.calls().size(), 0, 0, 0),
        new EngineStats.Totals(0, 0, 0, 0, 0));
  }

  /// The activity of the generator since the last call of this method.
  public GeneratorActivity activity() {
    return meter.take();
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    return generateAll(List.of(prompt), sampling, versions).getFirst();
  }

  /// @throws java.util.concurrent.CancellationException if the caller is interrupted, which stays
  ///   set
  /// @throws IllegalStateException if the generator is closed, now or while the call waits
  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    DecoderShape shape = setting.shape();
    List<GroupTask> tasks = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      tasks.add(GroupTask.of(encoder.encode(prompts.get(i)), i, sampling, shape));
    }
    Call call = new Call(tasks, versions);
    queue.add(call);
    return call.await();
  }

  /// Takes a request, and returns at once.
  ///
  /// @param listener is told of each token as it is sampled
  /// @throws IllegalArgumentException as [#generate] does
  /// @throws dev.burnish.link.failure.Overloaded if too many samples wait
  /// @throws IllegalStateException if the generator is closed
  public Ticket submit(Request request, RequestListener listener) {
    GroupTask task =
        GroupTask.of(request.prompt(), request.index(), request.sampling(), setting.shape());
    Call call = new Call(List.of(task.toldTo(listener)), request.versions());
    queue.add(call);
    return new Ticket(call);
  }

  /// Checks the weights of `version`, takes them over as soon as the running calls allow it, and
  /// returns the version in use. While one of them is bound to another version it returns at once:
  /// then this is a hint, and the version comes into use when a call asks for it or none is left.
  ///
  /// @throws java.util.concurrent.CancellationException if the caller is interrupted, which stays
  ///   set
  @Override
  public long updateWeights(long version) {
    if (weights.version() != version || queue.announced().isPresent()) {
      weights.announce(new Takeover(weights.open(VersionRange.exactly(version))));
    }
    return weights.version();
  }

  @Override
  public long version() {
    return weights.version();
  }

  private void serve() {
    try {
      long idle = System.nanoTime();
      while (weights.isUnderway() ? !queue.isClosed() : queue.awaitWork()) {
        meter.addIdle(System.nanoTime() - idle);
        serveOldest();
        idle = System.nanoTime();
      }
    } finally {
      queue.close();
      queue.calls().forEach(call -> call.fail(CallQueue.closed()));
      weights.close();
    }
  }

  private void serveOldest() {
    List<Call> calls = open();
    if (calls.isEmpty()) {
      meter.timeWeights(weights::takeOverIdle);
    } else if (prepare(calls.getFirst())) {
      generate(calls);
    }
  }

  /// The calls that are not over.
  private List<Call> open() {
    queue.calls().forEach(this::settle);
    return queue.calls();
  }

  private void settle(Call call) {
    if (call.settle()) {
      queue.remove(call);
      meter.addTokens(call.tasks().stream().mapToLong(GroupTask::tokens).sum());
    }
  }

  private boolean prepare(Call oldest) {
    try {
      meter.timeWeights(() -> weights.prepare(oldest.versions()));
      return true;
    } catch (RuntimeException e) {
      oldest.fail(e);
      return false;
    }
  }

  /// Runs one wave of the calls that the version in use may serve.
  private void generate(List<Call> waiting) {
    List<Call> calls =
        waiting.stream().filter(call -> call.versions().contains(weights.version())).toList();
    List<GroupTask> tasks =
        calls.stream()
            .flatMap(call -> call.tasks().stream())
            .filter(task -> task.remaining() > 0)
            .toList();
    try (Wave wave = Wave.of(tasks, setting, (_, _) -> {})) {
      List<Call> running =
          calls.stream()
              .filter(call -> call.tasks().stream().anyMatch(wave.tasks()::contains))
              .toList();
      run(wave, running);
    } catch (RuntimeException | OutOfMemoryError e) {
      IllegalStateException failure = new IllegalStateException("a wave failed: " + e, e);
      calls.forEach(call -> call.fail(failure));
    }
  }

  private void run(Wave wave, List<Call> calls) {
    List<Call> running = new ArrayList<>(calls);
    while (wave.running() && !queue.isClosed()) {
      boolean decodes = !wave.prefills();
      long start = System.nanoTime();
      wave.step(weights.serving().runner(), weights.version());
      meter.addStep(start, decodes);
      running.forEach(this::settle);
      running.removeIf(call -> call.tasks().stream().allMatch(GroupTask::ended));
      if (!running.isEmpty()) {
        meter.timeWeights(() -> weights.advance(version -> allows(running, version)));
      }
    }
    meter.endWave();
  }

  private static boolean allows(List<Call> calls, long version) {
    return calls.stream().allMatch(call -> call.versions().contains(version));
  }

  /// Fails the calls that wait, and frees the memory.
  @Override
  public void close() {
    queue.close();
    try {
      Waits.join(thread);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
