package dev.burnish.train;

import dev.burnish.concurrent.Stop;
import dev.burnish.kernel.Numerics;
import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Pass.PartListener;
import dev.burnish.nn.TargetLoss;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.MappedFile;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;
import dev.burnish.train.memory.ActivationFile;
import dev.burnish.train.memory.Sizes;
import dev.burnish.train.memory.TrainedBytes;
import dev.burnish.train.memory.UpdateJournal.Scalars;
import dev.burnish.train.objective.MetricSum;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Trains a decoder of this process: gradients of micro-batches add up, then one optimizer step.
///
/// Where nothing has to be known of all gradients before the first update (no clipping, no skipping
/// of bad steps), each part of the model is updated inside the last backward and its gradients are
/// freed at once. The placement of everything else is in [#memory]. No such choice changes a
/// number.
///
/// Not for use by two threads at a time. The weights change in place and inside [#step] only, which
/// publishes them as the version of the steps done.
public final class LocalTrainer implements Trainer, Checkpointed, AutoCloseable {
  /// Most bytes that copies of parts may take while a checkpoint still waits for them.
  private static final long MOST_COPIED = 64L << 20;

  private final Decoder model;
  private final List<Parameters> parts;
  private final OptimizerConfig config;
  private final Schedule schedule;
  private final TrainedBytes bytes;
  private final MemoryPlan memory;
  private final ActivationPolicy policy;
  private final Optimizer optimizer;
  private final TrainerState state;
  private final Optional<MappedFile> gradientFile;
  private final Optional<ActivationFile> activations;
  private final Health health;
  private final long totalSteps;
  private final Update.Target target;
  private final Optional<Recovery> recovery;
  private long step;
  private Optional<StepReport> last = Optional.empty();

  /// @param totalSteps the number of steps that the learning-rate schedule runs over
  /// @param policy which activations are kept, whatever the budget
  public LocalTrainer(
      Decoder model, OptimizerConfig config, long totalSteps, ActivationPolicy policy) {
    this(model, config, totalSteps, TrainerOptions.defaults().withPolicy(policy));
  }

  public LocalTrainer(Decoder model, OptimizerConfig config, long totalSteps) {
    this(model, config, totalSteps, TrainerOptions.defaults());
  }

  public LocalTrainer(
      Decoder model, OptimizerConfig config, long totalSteps, TrainerOptions options) {
    this(model, config, totalSteps, options, Optional.empty());
  }

  private LocalTrainer(
      Decoder model,
      OptimizerConfig config,
      long totalSteps,
      TrainerOptions options,
      Optional<TrainerMemory> shared) {
    this.model = model;
    this.parts = model.trained();
    this.config = config;
    this.schedule = Schedule.named(config.schedule()).withWarmup(config.warmup());
    this.health = new Health(options.health());
    this.totalSteps = totalSteps;
    boolean fusible = config.clipNorm() == 0 && !options.health().skipBad();
    List<List<ParameterRules.Run>> runs = ParameterRules.of(config, model);
    ParameterRules.freeze(config, model);
    bytes = TrainedBytes.of(model, ParameterRules.stateBytes(runs));
    memory =
        shared.isPresent()
            ? MemoryPlan.recoverable(options.memory(), bytes, model.device())
            : MemoryPlan.of(options.memory(), bytes, fusible, model.device());
    policy = options.policy().orElseGet(memory::policy);
    Path folder = options.memory().offloadFolder();
    optimizer =
        shared
            .map(state -> state.optimizer(model))
            .orElseGet(
                () -> Optimizer.of(model, config, memory.moments(runs, folder, model.device())));
    state = new TrainerState(parts, optimizer.moments(), memory.fused());
    activations =
        options.memory().activations() == MemoryConfig.Activations.OFFLOAD
            ? Optional.of(ActivationFile.create(folder))
            : Optional.empty();
    gradientFile = memory.gradientsInFile() ? Optional.of(gradients(folder)) : Optional.empty();
    target = new Update.Target(parts, optimizer, part -> beforeUpdate(shared, part));
    recovery = shared.map(state -> new Recovery(state, target));
    catchUp();
    publish();
  }

  /// A trainer whose state is in memory that outlives it: made again over the same memory, also in
  /// another process, it resumes from the last completed step wherever it was killed. An update
  /// that was under way is finished here, to the bits that it would have had.
  ///
  /// @param shared the state, open as long as the trainer, whose [TrainerMemory#weights] the model
  ///   computes with
  /// @param totalSteps the number of steps that the learning-rate schedule runs over
  /// @param options with the same health as the trainer before, and with no state in files
  /// @throws IllegalArgumentException if the model is over other weights
  /// @throws IllegalStateException if the process of the trainer before stays alive
  public static LocalTrainer recoverable(
      TrainerMemory shared, Decoder model, long totalSteps, TrainerOptions options) {
    return new LocalTrainer(model, shared.config(), totalSteps, options, Optional.of(shared));
  }

  private void beforeUpdate(Optional<TrainerMemory> shared, int part) {
    shared.ifPresent(memory -> memory.journal().awaitNotHeld(part));
    state.beforeUpdate(part);
  }

  /// Takes over what another trainer, or the holder of the memory, did in the meantime.
  private void catchUp() {
    Optional<StepRecord> record = recovery.flatMap(Recovery::catchUp);
    if (record.isPresent()) {
      step = record.get().position().step();
      health.resume(record.get().position().health());
      last = record.get().report();
      publish();
    }
  }

  @Override
  public long publish() {
    model.trainedWeights().publish(step);
    return step;
  }

  private MappedFile gradients(Path folder) {
    List<Parameters> trained = parts.stream().filter(part -> part.gradients().size() > 0).toList();
    long size =
        trained.stream().mapToLong(part -> MappedFile.rounded(4 * part.gradients().size())).sum();
    MappedFile file = MappedFile.create(folder, size);
    for (Parameters part : trained) {
      part.gradients().placeInFile(file.allocate(DType.F32, part.gradients().size()));
    }
    return file;
  }

  public Decoder model() {
    return model;
  }

  /// The memory plan: which state is kept where.
  public MemoryPlan memory() {
    return memory;
  }

  @Override
  public Health health() {
    return health;
  }

  @Override
  public boolean ratesFollowTotalSteps() {
    return config.ratesFollowTotalSteps();
  }

  @Override
  public long stepsDone() {
    return step;
  }

  /// The step of that number, once: where it is the last one that was done, its report again, so
  /// that a call whose answer was lost may be repeated.
  ///
  /// @throws IllegalArgumentException if it is neither that one nor the next
  public StepReport step(long number, List<MicroBatch> batch) {
    catchUp();
    if (number == step && last.isPresent()) {
      return last.get();
    }
    if (number != step + 1) {
      throw new IllegalArgumentException(
          "a trainer does the step after the last one, or repeats the last report: step=%d stepsDone=%d; send step=%d"
              .formatted(number, step, step + 1));
    }
    return step(batch);
  }

  /// A step whose update is skipped counts as a step for the schedule, but not for AdamW's bias
  /// correction.
  @Override
  public StepReport step(List<MicroBatch> batch) {
    MetricSum metrics = new MetricSum();
    return step(Work.of(batch, metrics), metrics);
  }

  /// A step of a loss that is code, and so stays in this process: the same function of each
  /// micro-batch.
  public StepReport step(List<PackedTokens> batch, TargetLoss loss) {
    return step(batch.stream().map(tokens -> Work.of(tokens, loss)).toList(), new MetricSum());
  }

  /// @param metrics takes the metrics that the losses of the work report
  StepReport step(List<Work> work, MetricSum metrics) {
    catchUp();
    long start = System.nanoTime();
    Update update = new Update(target, scalars(), step + 1, Work.ids(work));
    GradientTotals sum = GradientTotals.NONE;
    StepReport report;
    try {
      for (int i = 0; i < work.size(); i++) {
        if (i > 0) {
          Stop.check(); // nothing of the model has changed: the step is as if it had not begun
        }
        boolean ends = memory.fused() && i == work.size() - 1;
        PartListener listener = ends ? update : (part, _) -> setAside(part);
        update.begin(sum.loss());
        sum = accumulate(i, work.get(i), sum, listener);
        update.end(sum.loss());
      }
      if (!update.isApplied()) {
        update.measure();
      }
      health.good(step + 1, sum.loss(), update.norm());
      report = report(update, sum, metrics, start);
      if (!update.isApplied()) {
        apply(update, report, start);
      }
    } catch (TrainingDiverged failure) {
      health.bad(failure);
      StepReport skipped = report(update, sum, metrics, start);
      recovery.ifPresent(entered -> entered.skipped(skipped, health));
      report = skipped;
    } finally {
      model.freeGradients();
    }
    step++;
    publish();
    report = report.withSeconds(seconds(start));
    last = Optional.of(report);
    return report;
  }

  private Scalars scalars() {
    double lr = config.lr() * schedule.at(step + 1, totalSteps);
    return new Scalars(lr, step + 1 - health.skipped(), 1);
  }

  private void apply(Update update, StepReport report, long start) {
    Scalars scalars = update.scalars(config.clipNorm());
    recovery.ifPresent(entered -> entered.begin(report, health, scalars));
    update.apply(scalars);
    recovery.ifPresent(entered -> entered.end(seconds(start)));
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private StepReport report(Update update, GradientTotals sum, MetricSum metrics, long start) {
    return new StepReport(
        step + 1,
        update.loss(),
        update.norm(),
        update.lr(),
        sum.entropy() / Math.max(1, sum.targets()),
        sum.tokens(),
        sum.targets(),
        Sizes.flops(model.shape(), sum.tokens(), sum.targets()),
        seconds(start),
        metrics.total());
  }

  /// A planner that tells the cost of a step without doing it.
  public StepPlanner planner() {
    return new StepPlanner(model, memory, bytes, policy);
  }

  private void setAside(int part) {
    parts.get(part).gradients().setAside();
  }

  /// Forward and backward over each micro-batch without an update: adds to the gradients of the
  /// model.
  public GradientTotals gradients(List<MicroBatch> batch) {
    List<Work> work = Work.of(batch, new MetricSum());
    GradientTotals sum = GradientTotals.NONE;
    for (int i = 0; i < work.size(); i++) {
      sum = accumulate(i, work.get(i), sum, (_, _) -> {});
    }
    return sum;
  }

  /// @param micro index of the micro-batch
  /// @return the totals so far and those of this micro-batch
  private GradientTotals accumulate(
      int micro, Work work, GradientTotals sum, PartListener listener) {
    long key = KeyedRandom.bits(step, "pass", micro);
    Optional<ActivationPolicy.Store> store = activations.map(file -> file);
    try (Pass pass = model.forward(work.forest(), policy, store, key, work.loss().numerics())) {
      return sum.plus(work, pass.backward(work.targets(), 1, work.loss(), listener));
    }
  }

  @Override
  public List<float[]> logprobs(List<PackedTokens> batches, Numerics numerics) {
    catchUp();
    return Forward.logprobs(model, batches, numerics);
  }

  @Override
  public List<float[]> values(List<PackedTokens> batches) {
    catchUp();
    return Forward.values(model, batches);
  }

  @Override
  public void save(String folder) {
    Snapshot.write(Path.of(folder), step, freeze(), Map.of(SECTION, state()));
  }

  @Override
  public void restore(String folder) {
    restore(Snapshot.open(Path.of(folder)));
  }

  @Override
  public Pieces freeze() {
    return freeze(MOST_COPIED);
  }

  Pieces freeze(long mostCopied) {
    return state.freeze(mostCopied, step, health);
  }

  @Override
  public byte[] state() {
    return new TrainerState.Position(step, health.state()).toBytes();
  }

  @Override
  public void restore(Snapshot snapshot) {
    TrainerState.Position position = TrainerState.Position.of(snapshot);
    fill(position, () -> state.restore(snapshot));
    step = position.step();
    health.resume(position.health());
    last = Optional.empty();
    publish();
  }

  @Override
  public void restoreWeights(Snapshot snapshot) {
    TrainerState.Position position = new TrainerState.Position(step, health.state());
    fill(position, () -> state.restoreWeights(snapshot));
    publish();
  }

  private void fill(TrainerState.Position position, Runnable restoring) {
    recovery.ifPresentOrElse(entered -> entered.restore(position, restoring), restoring);
  }

  Optimizer optimizer() {
    return optimizer;
  }

  /// Waits for a checkpoint that still reads from this trainer.
  @Override
  public void close() {
    state.awaitDone();
    recovery.ifPresent(Recovery::close);
    optimizer.close();
    model.freeGradients();
    for (Parameters part : parts) {
      part.gradients().keepInMemory();
      part.gradients().freezeOnly(Set.of());
    }
    gradientFile.ifPresent(MappedFile::close);
    activations.ifPresent(ActivationFile::close);
  }
}
