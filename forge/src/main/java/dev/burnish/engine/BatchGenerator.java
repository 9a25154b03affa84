package dev.burnish.engine;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.concurrent.Stop;
import dev.burnish.engine.draft.Drafts;
import dev.burnish.engine.sampling.NonFiniteLogitsException;
import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.ModelRunner;
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

/// Generates in the thread of the caller, with the weights, and their version, that a model has at
/// the time of the call. The samples of all prompts of a call advance together, as many as fit;
/// when one ends, the next begins.
///
/// The cache of keys lives as long as a call, since the weights may change after it. They must not
/// change during a call. One call at a time.
public final class BatchGenerator implements Generator {
  /// Receives each token as it is sampled.
  @FunctionalInterface
  public interface Listener {
    /// @param prompt index of the prompt
    /// @param sample index of the completion of that prompt
    void token(int prompt, int sample, int token);
  }

  /// The number of tokens sampled in some time.
  public record Throughput(long tokens, double seconds) implements Recordable {
    public double tokensPerSecond() {
      return seconds == 0 ? 0 : tokens / seconds;
    }

    @Override
    public void recordTo(RunRecorder run) {
      run.time("generateTokensPerSecond", tokensPerSecond(), LAST);
      run.time("generateSeconds", seconds, LAST);
    }
  }

  private final LanguageModel model;
  private final ModelRunner runner;
  private final PromptEncoder encoder;
  private final Engine.Setting setting;
  private final Drafts drafts = new Drafts(EngineSettings.DRAFT_TOKENS);
  private long tokens;
  private long nanos;

  /// @param encoder of the model's prompts; completions have no text where it has no tokenizer
  public BatchGenerator(
      LanguageModel model, PromptEncoder encoder, EngineSettings settings, Extensions extensions) {
    this.model = model;
    this.runner = new ModelRunner(model.decoder(), settings.weights());
    this.encoder = encoder;
    this.setting =
        new Engine.Setting(
            model.decoder().shape(),
            model.decoder().device(),
            new Sequence.Endings(model.endTokens(), encoder.tokenizer()),
            settings,
            extensions);
  }

  public BatchGenerator(LanguageModel model, PromptEncoder encoder, EngineSettings settings) {
    this(model, encoder, settings, Extensions.none());
  }

  public BatchGenerator(LanguageModel model, PromptEncoder encoder) {
    this(model, encoder, EngineSettings.defaults());
  }

  /// Tokens sampled and time spent since the last call of this method.
  public Throughput throughput() {
    Throughput result = new Throughput(tokens, nanos / 1e9);
    tokens = 0;
    nanos = 0;
    return result;
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    return generateAll(List.of(prompt), sampling, versions).getFirst();
  }

  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    heldIn(versions);
    return generateAll(prompts, sampling, (_, _, _) -> {});
  }

  /// The version of the model's weights, which must be one that is asked for.
  private long heldIn(VersionRange versions) {
    long held = runner.refresh();
    if (!versions.contains(held)) {
      throw new IllegalArgumentException(
          "the model's weights must be of a version that is asked for: weights=%d versions=%s; publish it first"
              .formatted(held, versions));
    }
    return held;
  }

  /// Like [#generateAll(List, SamplingParams)], telling `listener` of each token at once.
  public List<Group> generateAll(List<Prompt> prompts, SamplingParams sampling, Listener listener) {
    return groups(prompts.stream().map(encoder::encode).toList(), sampling, listener);
  }

  @Override
  public List<Score> score(List<Continuation> continuations, VersionRange versions) {
    long held = heldIn(versions);
    ScoreTask task = ScoreTask.of(continuations, versions, encoder, setting.shape());
    int most = setting.numBlocks();
    task.requireFits(most);
    try (Engine engine = engine(task.usefulBlocks(), most)) {
      engine.scoreNext(Optional.of(task));
      while (!task.isOver()) {
        Stop.check();
        engine.score(task, runner, held);
      }
    }
    return task.scores();
  }

  /// Takes over the weights that the model holds. A generator in the process of its trainer sees
  /// the published weights without being told; this checks which version they are.
  @Override
  public long updateWeights(long version) {
    long held = runner.refresh();
    if (held != version) {
      throw new IllegalArgumentException(
          "version must be that of the model's weights: version=%d weights=%d; publish it first"
              .formatted(version, held));
    }
    return held;
  }

  @Override
  public long version() {
    return model.decoder().version();
  }

  private List<Group> groups(List<int[]> prompts, SamplingParams params, Listener listener) {
    DecoderShape shape = model.decoder().shape();
    List<GroupTask> tasks = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int index = i;
      Request request = Request.of(prompts.get(i), params).withIndex(index);
      RequestListener tell = token -> listener.token(index, token.sample(), token.id());
      tasks.add(GroupTask.of(request, tell, shape));
    }
    int most = setting.numBlocks();
    tasks.forEach(task -> Engine.requireFits(task, setting, most));
    long start = System.nanoTime();
    long version = runner.refresh();
    long useful = tasks.stream().mapToLong(setting::mostBlocks).sum();
    try (Engine engine = engine(useful, most)) {
      tasks.forEach(engine::add);
      engine.settle();
      while (!engine.isIdle()) {
        Stop.check();
        engine.step(runner, version, Scheduler.Admission.ALL);
        tasks.forEach(this::requireSound);
      }
    }
    nanos += System.nanoTime() - start;
    tokens += tasks.stream().mapToLong(GroupTask::tokens).sum();
    return tasks.stream().map(GroupTask::group).toList();
  }

  /// @param useful blocks beyond which more are of no use
  private Engine engine(long useful, int most) {
    return new Engine(setting, Math.clamp(useful, 1, most), drafts, Engine.Watcher.NONE);
  }

  private void requireSound(GroupTask task) {
    task.failure()
        .ifPresent(failure -> {
          throw failure instanceof NonFiniteLogitsException e ? withCause(e) : failure;
        });
  }

  private IllegalArgumentException withCause(NonFiniteLogitsException e) {
    String cause =
        model
            .decoder()
            .nonFinite()
            .map("the weight %s holds NaN or an infinity; load weights that do not"::formatted)
            .orElse("every weight is finite, so a product overflowed; check the weights' scale");
    return new IllegalArgumentException(e.getMessage() + "; " + cause, e);
  }
}
