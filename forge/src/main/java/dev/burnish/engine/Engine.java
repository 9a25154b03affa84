package dev.burnish.engine;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.cache.BlockTable;
import dev.burnish.engine.sampling.Draw;
import dev.burnish.engine.sampling.LogitsProcessor;
import dev.burnish.engine.sampling.Sampler;
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
import java.util.function.Consumer;
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
  /// @param processors of the logits of every token, in order
  record Setting(
      DecoderShape shape,
      Device device,
      Sequence.Endings endings,
      EngineSettings settings,
      List<LogitsProcessor> processors) {
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

  private final Setting setting;
  private final BlockManager blocks;
  private final KeyValueCache cache;
  private final Scheduler scheduler;
  private final Sampler sampler;
  private final Consumer<GroupTask> onEnd;
  private final Set<GroupTask> tasks = new LinkedHashSet<>();
  private long promptTokens;
  private long sampledTokens;
  private long aborted;
  private volatile EngineStats stats;

  /// @param numBlocks of the cache
  /// @param onEnd is told of each request that ends, before those who wait for it
  Engine(Setting setting, int numBlocks, Consumer<GroupTask> onEnd) {
    this.setting = setting;
    this.onEnd = onEnd;
    blocks = new BlockManager(numBlocks);
    cache =
        new KeyValueCache(
            setting.shape().blocks(), numBlocks * BlockManager.SIZE, setting.device());
    scheduler = new Scheduler(setting.settings(), blocks);
    sampler = new Sampler(setting.endings().tokens(), setting.processors());
    stats = measure();
  }

  /// @throws IllegalArgumentException if the cache cannot hold one sample of a request
  void requireFits(GroupTask task) {
    requireFits(task, setting, blocks.numBlocks());
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
      BlockTable table = new BlockTable(blocks);
      samples.add(new Sequence(task, sample, setting.room(task), setting.endings(), table));
    }
    task.arrive(scheduler.nextArrival(), samples);
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
    stats = measure();
  }

  private void end(GroupTask task) {
    tasks.remove(task);
    task.samples().forEach(scheduler::remove);
    onEnd.accept(task);
    stats = measure(); // for those who wait
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
    blocks.clear();
  }

  /// Computes the next rows, and draws.
  ///
  /// @param runner over weights of `version`
  /// @return whether a sample got a token that is not its first
  boolean step(ModelRunner runner, long version, Scheduler.Admission admission) {
    Scheduler.Step step = scheduler.schedule(version, System.nanoTime(), admission);
    if (step.isEmpty()) {
      return false;
    }
    boolean decodes = step.chunks().stream().anyMatch(chunk -> chunk.sequence().length() > 0);
    StepRows rows = StepRows.of(step.chunks());
    try (TensorScope _ = TensorScope.open()) {
      copy(step.copies());
      Tensor hidden_TH = rows.forward(runner, cache);
      for (Scheduler.Chunk chunk : step.chunks()) {
        promptTokens += chunk.draws() && chunk.rows() == 1 ? 0 : chunk.rows();
        chunk.sequence().table().compute(chunk.end());
      }
      if (!rows.drawn().isEmpty()) {
        draw(rows.drawn(), rows.logits(runner, hidden_TH), version);
      }
    }
    settle();
    return decodes;
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

  /// A request alone fails if a draw of its samples or its listener does.
  private void draw(List<Sequence> drawn, Tensor logits_BV, long version) {
    List<Draw> draws = sampler.draw(logits_BV, drawn);
    for (int i = 0; i < draws.size(); i++) {
      Sequence sample = drawn.get(i);
      switch (draws.get(i)) {
        case Draw.Drawn draw when sample.group().failure().isEmpty() -> take(sample, draw, version);
        case Draw.Drawn _ -> {} // another sample of its request failed
        case Draw.Refused(RuntimeException cause) -> sample.group().fail(cause);
      }
    }
  }

  private void take(Sequence sample, Draw.Drawn draw, long version) {
    try {
      sample.append(draw, version);
      sampledTokens++;
      sample.group().tell(sample, draw);
      if (sample.done()) {
        scheduler.remove(sample);
      }
    } catch (RuntimeException e) {
      sample.group().fail(e);
    }
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
            promptTokens, scheduler.reused(), sampledTokens, scheduler.preemptions(), aborted));
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
