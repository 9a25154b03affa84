package dev.burnish.engine;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.cache.BlockTable;
import dev.burnish.engine.draft.Drafts;
import dev.burnish.engine.draft.StepCost;
import dev.burnish.engine.sampling.Draw;
import dev.burnish.engine.sampling.Sampler;
import dev.burnish.kernel.Kernels;
import dev.burnish.nn.BlockShape;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// Serves requests together, a step at a time: each step computes the rows that the [Scheduler]
/// chooses, and draws the next tokens. Requests come and go between steps.
///
/// The bits of a request's tokens and logprobs do not depend on the others, nor on how its prompt
/// was cut into pieces, which keys were found in the cache, or whether it lost them on the way: a
/// row depends on its own keys in order of position, and a draw on its key and position. One
/// thread, except [#stats].
final class Engine implements AutoCloseable {
  /// The setting of an engine.
  ///
  /// @param endings of the model's completions
  record Setting(
      DecoderShape shape,
      Device device,
      Sequence.Endings endings,
      EngineSettings settings,
      Extensions extensions) {
    /// Blocks that fit the memory of the settings.
    int numBlocks() {
      long bytes = 0;
      for (BlockShape block : shape.blocks()) {
        bytes += 8L * block.heads().keyValueDim();
      }
      long blocks = settings.cacheBytes() / (bytes * BlockManager.SIZE);
      long useful = (long) settings.maxSequences() * BlockManager.forTokens(shape.maxPositions());
      long addressable = Integer.MAX_VALUE / BlockManager.SIZE;
      return Math.toIntExact(Math.clamp(blocks, 1, Math.min(useful, addressable)));
    }

    /// Blocks that the samples of a request fill at most.
    long mostBlocks(GroupTask task) {
      int tokens = task.prompt().length + room(task);
      return (long) task.sampling().bestOf() * (1 + BlockManager.forTokens(tokens));
    }

    int room(GroupTask task) {
      return Math.min(task.sampling().maxTokens(), shape.maxPositions() - task.prompt().length);
    }
  }

  /// Receives what happens, on the thread of the engine.
  interface Watcher {
    Watcher NONE =
        new Watcher() {
          @Override
          public void ended(GroupTask task) {}

          @Override
          public void waits(int samples) {}
        };

    /// A request ended; those who wait for it are told next.
    void ended(GroupTask task);

    /// So many samples wait now: some began to be computed, lost their blocks or ended.
    void waits(int samples);
  }

  private final Setting setting;
  private final BlockManager blocks;
  private final KeyValueCache cache;
  private final Scheduler scheduler;
  private final Sampler sampler;
  private final Scorer scorer;
  private final Sequence.Memory memory;
  private final StepCost cost = new StepCost();
  private final Watcher watcher;
  private final Set<GroupTask> tasks = new LinkedHashSet<>();
  private long promptTokens;
  private long sampledTokens;
  private long aborted;
  private long guessed;
  private long accepted;
  private volatile EngineStats stats;

  /// @param numBlocks of the cache
  /// @param drafts where next tokens are guessed, unless the settings say that none are
  Engine(Setting setting, int numBlocks, Drafts drafts, Watcher watcher) {
    this.setting = setting;
    this.watcher = watcher;
    blocks = new BlockManager(numBlocks);
    cache =
        new KeyValueCache(
            setting.shape().blocks(), numBlocks * BlockManager.SIZE, setting.device());
    memory = new Sequence.Memory(blocks, used(drafts));
    scheduler = new Scheduler(setting.settings(), blocks, cost);
    scorer = new Scorer(blocks, cache, Kernels.of(setting.device()));
    sampler = new Sampler(setting.endings().tokens(), setting.extensions().processors());
    stats = measure();
  }

  private Optional<Drafts> used(Drafts drafts) {
    return setting.settings().drafting() == EngineSettings.Drafting.NONE
        ? Optional.empty()
        : Optional.of(drafts);
  }

  /// @throws IllegalArgumentException if the cache cannot hold one sample of a request
  void requireFits(GroupTask task) {
    requireFits(task, setting, blocks.numBlocks());
  }

  /// @throws IllegalArgumentException if the cache cannot hold one sequence of a call
  void requireFits(ScoreTask task) {
    task.requireFits(blocks.numBlocks());
  }

  static void requireFits(GroupTask task, Setting setting, int numBlocks) {
    setting.endings().require(task.sampling().structure());
    int tokens = task.prompt().length + setting.room(task);
    if (BlockManager.forTokens(tokens) > numBlocks) {
      throw new IllegalArgumentException(
          "a prompt and its completion must fit the cache of %d tokens: prompt=%d maxTokens=%d; lower maxTokens or give the cache more memory"
              .formatted(
                  numBlocks * BlockManager.SIZE,
                  task.prompt().length,
                  task.sampling().maxTokens()));
    }
  }

  /// Takes a request.
  void add(GroupTask task) {
    List<Sequence> samples = new ArrayList<>();
    for (int sample = 0; sample < task.sampling().bestOf(); sample++) {
      samples.add(new Sequence(task, sample, setting.room(task), setting.endings(), memory));
    }
    double rank = setting.extensions().order().rank(task.request());
    task.arrive(new GroupTask.Place(rank, scheduler.nextArrival()), samples);
    scheduler.add(task);
    tasks.add(task);
    stats = measure();
  }

  /// Lets those requests go that have ended, failed or must end.
  void settle() {
    long now = System.nanoTime();
    for (GroupTask task : List.copyOf(tasks)) {
      if (task.mustEnd(now) && !task.isOver()) {
        aborted++;
        task.abort();
      }
      if (task.isOver()) {
        end(task);
      }
    }
    publishLoad();
  }

  private void publishLoad() {
    stats = measure();
    watcher.waits(stats.load().waiting());
  }

  private void end(GroupTask task) {
    tasks.remove(task);
    task.samples().forEach(scheduler::remove);
    watcher.ended(task);
    publishLoad(); // for those who wait for the request
    task.complete();
  }

  /// Whether it has no request.
  boolean isIdle() {
    return tasks.isEmpty();
  }

  /// Whether a request has begun.
  boolean isRunning() {
    return tasks.stream().anyMatch(GroupTask::begun);
  }

  /// Whether every request that has begun may be continued by such a version.
  boolean allows(long version) {
    return tasks.stream()
        .filter(GroupTask::begun)
        .allMatch(task -> task.request().versions().contains(version));
  }

  /// The request that decides about the weights when nothing runs.
  Optional<GroupTask> next() {
    return scheduler.next(System.nanoTime());
  }

  /// Aborts the requests that have begun.
  void abortBegun() {
    tasks.stream().filter(GroupTask::begun).forEach(GroupTask::requestAbort);
    settle();
  }

  /// Takes back all keys, to be computed by the weights of the next step.
  void recompute() {
    scheduler.recompute();
  }

  /// Fails the requests that have begun, and forgets all keys.
  void fail(RuntimeException cause) {
    tasks.stream().filter(GroupTask::begun).forEach(task -> task.fail(cause));
    settle();
    scheduler.recompute();
    scorer.release();
    blocks.clear();
  }

  /// Computes the next rows, and draws.
  ///
  /// @param runner over weights of `version`
  /// @return whether a sample got a token that is not its first
  boolean step(ModelRunner runner, long version, Scheduler.Admission admission) {
    blocks.computeBy(version);
    Scheduler.Step step = scheduler.schedule(version, System.nanoTime(), admission);
    publishLoad();
    if (step.isEmpty()) {
      return false;
    }
    long start = System.nanoTime();
    long sampledBefore = sampledTokens;
    boolean decodes = step.chunks().stream().anyMatch(chunk -> chunk.sequence().length() > 0);
    boolean onlyDecodes = step.chunks().stream().allMatch(Scheduler.Chunk::decodes);
    StepRows rows = new StepRows(step.chunks());
    try (TensorScope _ = TensorScope.open()) {
      copy(step.copies());
      Tensor hidden_TH = rows.forward(runner, cache);
      for (Scheduler.Chunk chunk : step.chunks()) {
        promptTokens += chunk.decodes() ? 0 : chunk.rows();
        chunk.sequence().table().compute(chunk.end());
      }
      if (!rows.turns().isEmpty()) {
        draw(rows, rows.logits(runner, hidden_TH), version);
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    if (onlyDecodes) {
      cost.observe(rows.numRows(), seconds);
    }
    settle();
    setting
        .extensions()
        .observer()
        .step(
            new StepObserver.StepReport(
                version,
                rows.numRows(),
                step.chunks().size(),
                Math.toIntExact(sampledTokens - sampledBefore),
                seconds,
                stats));
    return decodes;
  }

  /// Scores that task from now on, or none: the blocks of another one come back.
  void scoreNext(Optional<ScoreTask> task) {
    scorer.follow(task);
    publishLoad();
  }

  /// Computes rows for the task that is scored, as many as a step has. Where the cache has no room
  /// for its next sequence, none, until it has waited for too long: then the last samples lose
  /// their blocks.
  ///
  /// @param runner over weights of `version`
  void score(ScoreTask task, ModelRunner runner, long version) {
    blocks.computeBy(version);
    if (!scorer.holdsBatch(version)) {
      scorer.release();
      List<Scorer.Scored> remaining = task.remaining(version);
      if (task.secondsWaited(System.nanoTime()) > setting.settings().longestWait()) {
        scheduler.makeRoom(BlockManager.forTokens(remaining.getFirst().numInputs()));
      }
      scorer.begin(version, scheduler.room());
    }
    scorer.advance(runner, setting.settings().tokenBudget());
    publishLoad(); // for those who wait for the scores
    if (task.isOver()) {
      task.complete();
    }
  }

  private void copy(List<BlockTable.Copy> copies) {
    if (!copies.isEmpty()) {
      cache.copy(
          copies.stream().flatMapToInt(copy -> slots(copy.from(), copy.count())).toArray(),
          copies.stream().flatMapToInt(copy -> slots(copy.to(), copy.count())).toArray());
    }
  }

  private static IntStream slots(int first, int count) {
    return IntStream.range(first, first + count);
  }

  private void draw(StepRows rows, Tensor logits_DV, long version) {
    List<Draw> draws = sampler.draw(logits_DV, rows.drawn());
    int at = 0;
    for (StepRows.Turn turn : rows.turns()) {
      take(turn, draws.subList(at, at + turn.numDraws()), version);
      at += turn.numDraws();
    }
  }

  /// Gives a sequence its next token, and those after it as long as the guesses before them are
  /// what was drawn: they were computed with the right tokens then.
  private void take(StepRows.Turn turn, List<Draw> draws, long version) {
    Sequence sample = turn.sequence();
    int right = 0;
    while (take(sample, draws.get(right), version)
        && right < turn.guesses().length
        && sample.token(sample.length() - 1) == turn.guesses()[right]) {
      right++;
    }
    if (turn.guesses().length > 0 && !sample.done()) {
      guessed += turn.guesses().length;
      accepted += right;
      sample.draft().orElseThrow().accept(right);
      sample.table().compute(turn.end() + right);
    }
  }

  /// Returns whether more of the sample's draws may be taken. A request alone fails if a draw of
  /// its samples or its listener does.
  private boolean take(Sequence sample, Draw draw, long version) {
    if (sample.group().failure().isPresent()) {
      return false;
    }
    try {
      switch (draw) {
        case Draw.Drawn drawn -> {
          sample.append(drawn, version);
          sampledTokens++;
          sample.group().tell(sample, drawn);
          if (sample.done()) {
            scheduler.remove(sample);
          }
          return !sample.done();
        }
        case Draw.Refused(RuntimeException cause) -> sample.group().fail(cause);
      }
    } catch (RuntimeException e) {
      sample.group().fail(e);
    }
    return false;
  }

  EngineStats stats() {
    return stats;
  }

  private EngineStats measure() {
    long size = BlockManager.SIZE;
    return new EngineStats(
        new EngineStats.Load(
            scheduler.numWaiting(),
            scheduler.numRunning(),
            size * blocks.numBlocks(),
            size * (blocks.numBlocks() - blocks.numAvailable()),
            size * blocks.numReusable()),
        new EngineStats.Totals(
            promptTokens + scorer.computed(),
            scheduler.reused() + scorer.reused(),
            sampledTokens,
            scheduler.preemptions(),
            aborted,
            guessed,
            accepted));
  }

  /// Fails all requests, and frees the memory.
  void close(RuntimeException cause) {
    tasks.forEach(task -> task.fail(cause));
    settle();
    close();
  }

  @Override
  public void close() {
    cache.close();
  }
}
