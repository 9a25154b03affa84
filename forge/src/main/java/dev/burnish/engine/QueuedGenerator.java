package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.draft.Drafts;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.ModelSpec;
import dev.burnish.nn.PartValues;
import dev.burnish.nn.Weights;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// A generator for many callers at once, with weights that others publish. A thread of its own
/// computes one step after another, in each of which the samples of all requests advance; requests
/// come and go between two steps.
///
/// The request that is next decides which version of the weights comes into use when nothing runs.
/// Requests that are bound to one version thus get exactly that, loaded in place; meanwhile those
/// that wait for another are passed over, and those that came later wait for them. Where the range
/// of every request that has begun holds an announced version ([#updateWeights]), it is laid out
/// beside the one in use, part by part between two steps, and swapped under the running sequences:
/// later tokens carry the new version, and the keys and values of earlier ones stay, as in other
/// engines. That needs memory for a second version.
///
/// A caller who is interrupted takes his requests out at the next step, and a request that fails
/// (weights or a prompt without finite logits) fails its caller alone. Memory: the packed weights,
/// the embedding, and the cache of keys and values ([EngineSettings#cache]). Thread-safe.
public final class QueuedGenerator implements Generator, AutoCloseable {
  /// The sources of weights.
  ///
  /// @param base the weights under an adaptation, in one version, where the policy is adapted
  /// @param versions of the weights that are trained: the policy's, or those of its adaptation
  public record Sources(Optional<WeightSource> base, WeightSource versions) {}

  private record Watcher(ActivityMeter meter, Inbox inbox) implements Engine.Watcher {
    @Override
    public void ended(GroupTask task) {
      meter.addTokens(task.tokens());
    }

    @Override
    public void waits(int samples) {
      inbox.setWaiting(samples);
    }
  }

  private final PromptEncoder encoder;
  private final Inbox inbox;
  private final WeightSwitch weights;
  private final Engine.Setting setting;
  private final Engine engine;
  private final ActivityMeter meter = new ActivityMeter();
  private final Thread thread;
  private final String beginning;

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
    this(spec, encoder, new Sources(base, versions), settings, Extensions.none());
  }

  private QueuedGenerator(
      ModelSpec spec,
      PromptEncoder encoder,
      Sources sources,
      EngineSettings settings,
      Extensions extensions) {
    this.encoder = encoder;
    inbox = new Inbox(settings.maxWaiting());
    ServedModel model = ServedModel.of(spec, sources.base(), settings.weights());
    setting =
        new Engine.Setting(
            model.decoder().shape(),
            model.decoder().device(),
            new Sequence.Endings(model.endTokens(), encoder.tokenizer()),
            settings,
            extensions);
    try {
      weights = new WeightSwitch(model, sources.versions(), inbox);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    Drafts drafts = new Drafts(EngineSettings.DRAFT_TOKENS);
    engine = new Engine(setting, setting.numBlocks(), drafts, new Watcher(meter, inbox));
    beginning = beginning(model);
    thread = Thread.ofPlatform().name("generator").daemon().start(this::serve);
  }

  private String beginning(ServedModel model) {
    return "cache of %d tokens in blocks of %d; weights %s"
        .formatted(
            (long) setting.numBlocks() * BlockManager.SIZE,
            BlockManager.SIZE,
            model.isInPlace()
                ? "read in place, where their publisher packed them"
                : "packed in memory of this process, in " + setting.settings().weights());
  }

  /// How it began: the tokens that its cache holds, and where its packed weights are.
  public String beginning() {
    return beginning;
  }

  /// A generator with parts of a script, which starts with the newest version of the policy.
  ///
  /// @param encoder of its prompts; completions have no text where it has no tokenizer
  /// @throws IllegalArgumentException if there is no version yet, or it is of another model
  public static QueuedGenerator of(
      ModelSpec spec,
      PromptEncoder encoder,
      Sources sources,
      EngineSettings settings,
      Extensions extensions) {
    return new QueuedGenerator(spec, encoder, sources, settings, extensions);
  }

  /// A generator of a model whose weights do not change.
  ///
  /// @param model to be open while this is
  public static QueuedGenerator over(
      LanguageModel model, PromptEncoder encoder, EngineSettings settings) {
    return over(model, encoder, settings, Extensions.none());
  }

  /// A generator of a model whose weights do not change, with parts of a script.
  ///
  /// @param model to be open while this is
  public static QueuedGenerator over(
      LanguageModel model, PromptEncoder encoder, EngineSettings settings, Extensions extensions) {
    Optional<WeightSource> base =
        model.decoder().lora().adapts()
            ? Optional.of(only(model.decoder().weights()))
            : Optional.empty();
    Sources sources = new Sources(base, only(model.decoder().trainedWeights()));
    return new QueuedGenerator(model.spec(), encoder, sources, settings, extensions);
  }

  private static WeightSource only(Weights weights) {
    return versions ->
        new WeightSource.Snapshot(
            Math.max(versions.least(), 0),
            IntStream.range(0, weights.numParts())
                .<PartValues>mapToObj(part -> new PartValues.Plain(weights.part(part)))
                .toList(),
            Optional.empty(),
            () -> {});
  }

  /// The load of the generator, and its totals.
  public EngineStats stats() {
    return engine.stats().withWaiting(inbox.numArrived());
  }

  /// The activity of the generator since the last call of this method.
  public GeneratorActivity activity() {
    return meter.take(engine.stats());
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
    List<GroupTask> tasks = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int[] prompt = encoder.encode(prompts.get(i));
      Request request = Request.of(prompt, sampling).withIndex(i).withVersions(versions);
      tasks.add(task(request, RequestListener.NONE));
    }
    inbox.add(tasks);
    List<Ticket> tickets = tasks.stream().map(Ticket::new).toList();
    try {
      return tickets.stream().map(Ticket::await).toList();
    } finally {
      tickets.forEach(Ticket::requestAbort); // those that nobody waits for any more
    }
  }

  /// Takes a request, and returns at once.
  ///
  /// @param listener is told of each token as it is sampled
  /// @throws IllegalArgumentException as [#generate] does
  /// @throws dev.burnish.link.failure.Overloaded if too many samples wait
  /// @throws IllegalStateException if the generator is closed
  public Ticket submit(Request request, RequestListener listener) {
    GroupTask task = task(request, listener);
    inbox.add(List.of(task));
    return new Ticket(task);
  }

  private GroupTask task(Request request, RequestListener listener) {
    GroupTask task = GroupTask.of(request, listener, setting.shape());
    engine.requireFits(task);
    return task;
  }

  /// @throws java.util.concurrent.CancellationException if the caller is interrupted, which stays
  ///   set
  /// @throws dev.burnish.link.failure.Overloaded if too many calls wait
  /// @throws IllegalStateException if the generator is closed, now or while the call waits
  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange versions) {
    if (continuations.isEmpty()) {
      return List.of();
    }
    ScoreTask task = ScoreTask.of(continuations, versions, encoder, setting.shape());
    engine.requireFits(task);
    inbox.add(task);
    return task.await();
  }

  /// Checks the weights of `version`, takes them over as soon as the running calls allow it, and
  /// returns the version in use. While one of them is bound to another version it returns at once:
  /// then this is a hint, and the version comes into use when a call asks for it or none is left.
  ///
  /// @throws java.util.concurrent.CancellationException if the caller is interrupted, which stays
  ///   set
  @Override
  public long updateWeights(long version) {
    return updateWeights(version, setting.settings().update());
  }

  /// The same in another way than that of the settings.
  public long updateWeights(long version, WeightUpdate update) {
    if (weights.version() != version || inbox.announced().isPresent()) {
      weights.announce(new Takeover(weights.openAside(VersionRange.exactly(version)), update));
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
      while (awaitWork()) {
        meter.addIdle(System.nanoTime() - idle);
        advance();
        idle = System.nanoTime();
      }
    } finally {
      inbox.close();
      takeArrived();
      engine.close(Inbox.closed());
      for (Optional<ScoreTask> task = inbox.nextScore();
          task.isPresent();
          task = inbox.nextScore()) {
        task.get().fail(Inbox.closed());
      }
      weights.close();
    }
  }

  private boolean awaitWork() {
    return (engine.isIdle() && !weights.isUnderway()) ? inbox.awaitWork() : !inbox.isClosed();
  }

  private void takeArrived() {
    inbox.take().forEach(engine::add);
  }

  private void advance() {
    takeArrived();
    engine.settle();
    Optional<WeightUpdate> announced = inbox.announced().map(Takeover::update);
    if (announced.equals(Optional.of(WeightUpdate.ABORT))) {
      engine.abortBegun();
    }
    boolean now = announced.filter(update -> !update.swaps()).isPresent();
    boolean otherWeights = !score();
    if (engine.isRunning()) {
      step(now || otherWeights ? Scheduler.Admission.BEGUN : Scheduler.Admission.ALL);
    } else if (scoresKeepWeights()) {
      meter.timeWeights(this::advanceWeights);
      if (!now && engine.next().filter(this::allowsWeights).isPresent()) {
        step(Scheduler.Admission.ALL);
      }
    } else if (engine.isIdle() || now) {
      meter.pause();
      meter.timeWeights(weights::takeOverAtOnce);
    } else if (prepareNext()) {
      step(otherWeights ? Scheduler.Admission.BEGUN : Scheduler.Admission.ALL);
    }
  }

  /// Scores some rows of those that wait, between two steps. When nothing runs, other weights are
  /// brought into use.
  ///
  /// @return false if some wait for other weights, for which what runs must end first
  private boolean score() {
    Optional<ScoreTask> waiting = inbox.nextScore();
    engine.scoreNext(waiting);
    if (waiting.isEmpty()) {
      return true;
    }
    ScoreTask task = waiting.get();
    boolean running = engine.isRunning();
    if (running && !task.versions().contains(weights.version())) {
      return false;
    }
    try {
      if (!running && !task.isBound()) {
        meter.timeWeights(() -> weights.prepare(task.versions()));
      }
      engine.score(task, weights.serving().runner(), weights.version());
    } catch (RuntimeException | OutOfMemoryError e) {
      engine.scoreNext(Optional.empty());
      task.fail(e instanceof RuntimeException failure ? failure : outOfMemory(e));
    }
    return true;
  }

  /// Whether sequences are being scored that began again already when weights changed.
  private boolean scoresKeepWeights() {
    return inbox.nextScore().filter(ScoreTask::isBound).isPresent();
  }

  private boolean allowsWeights(GroupTask task) {
    return task.request().versions().contains(weights.version());
  }

  private static IllegalStateException outOfMemory(Throwable cause) {
    return new IllegalStateException("sequences cannot be scored: " + cause, cause);
  }

  /// Brings weights into use that the next request may be served with.
  private boolean prepareNext() {
    GroupTask next = engine.next().orElseThrow();
    try {
      meter.timeWeights(() -> weights.prepare(next.request().versions()));
      return true;
    } catch (RuntimeException e) {
      next.fail(e);
      return false;
    }
  }

  private void step(Scheduler.Admission admission) {
    try {
      long start = System.nanoTime();
      boolean decodes = engine.step(weights.serving().runner(), weights.version(), admission);
      meter.addStep(start, decodes);
    } catch (RuntimeException | OutOfMemoryError e) {
      engine.fail(new IllegalStateException("a step failed: " + e, e));
    }
    if (engine.isRunning()) {
      meter.timeWeights(this::advanceWeights);
    } else {
      meter.pause();
    }
  }

  private void advanceWeights() {
    weights
        .advance(version -> engine.allows(version) && !scoresKeepWeights())
        .filter(takeover -> takeover.update() == WeightUpdate.RECOMPUTE)
        .ifPresent(_ -> engine.recompute());
  }

  /// Fails the requests that are not done, and frees the memory.
  @Override
  public void close() {
    inbox.close();
    try {
      Waits.join(thread);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
