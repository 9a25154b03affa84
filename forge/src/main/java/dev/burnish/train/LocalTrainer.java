package dev.burnish.train;

import dev.burnish.concurrent.FaultPoint;
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
  private long step;

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
    this.model = model;
    this.parts = model.trained();
    this.config = config;
    this.schedule = Schedule.named(config.schedule()).withWarmup(config.warmup());
    this.health = new Health(options.health());
    this.totalSteps = totalSteps;
    boolean fusible = config.clipNorm() == 0 && !options.health().skipBad();
    long stateBytes = ParameterRules.stateBytes(ParameterRules.of(config, model));
    ParameterRules.freeze(config, model);
    bytes = TrainedBytes.of(model, stateBytes);
    memory = MemoryPlan.of(options.memory(), bytes, fusible, model.device());
    policy = options.policy().orElseGet(memory::policy);
    Path folder = options.memory().offloadFolder();
    optimizer =
        new Optimizer(
            model, config, memory.momentsInFile() ? Optional.of(folder) : Optional.empty());
    state = new TrainerState(parts, optimizer.moments(), memory.fused());
    activations =
        options.memory().activations() == MemoryConfig.Activations.OFFLOAD
            ? Optional.of(ActivationFile.create(folder))
            : Optional.empty();
    gradientFile = memory.gradientsInFile() ? Optional.of(gradients(folder)) : Optional.empty();
    publish();
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
      part.gradients().placeIn(file.allocate(DType.F32, part.gradients().size()));
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
    return !config.schedule().equals("constant");
  }

  @Override
  public long stepsDone() {
    return step;
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
    long start = System.nanoTime();
    Update update = new Update(work);
    GradientTotals sum = GradientTotals.NONE;
    double norm = Double.NaN;
    try {
      for (int i = 0; i < work.size(); i++) {
        if (i > 0) {
          Stop.check(); // nothing of the model has changed: the step is as if it had not begun
        }
        boolean last = memory.fused() && i == work.size() - 1;
        PartListener listener = last ? update : (part, _) -> setAside(part);
        update.earlier = sum.loss();
        sum = accumulate(i, work.get(i), sum, listener);
        update.loss = sum.loss();
      }
      update.rest();
      norm = update.norm();
      step++;
      health.good(step, sum.loss(), norm);
    } catch (TrainingDiverged failure) {
      health.bad(failure);
      norm = update.norm();
      step++;
    } finally {
      model.freeGradients();
    }
    publish();
    double seconds = (System.nanoTime() - start) / 1e9;
    return new StepReport(
        step,
        update.loss,
        norm,
        update.lr,
        sum.entropy() / Math.max(1, sum.targets()),
        sum.tokens(),
        sum.targets(),
        Sizes.flops(model.shape(), sum.tokens(), sum.targets()),
        seconds,
        metrics.total());
  }

  /// A planner that tells the cost of a step without doing it.
  public StepPlanner planner() {
    return new StepPlanner(model, memory, bytes, policy);
  }

  private void setAside(int part) {
    parts.get(part).gradients().setAside();
  }

  /// The update of one step, part by part, in the order in which the backward finishes them or all
  /// at the end.
  private final class Update implements PartListener {
    private final List<Work> work;
    private final double lr = config.lr() * schedule.at(step + 1, totalSteps);
    // Of the micro-batches before the present one, and of all so far.
    private double earlier;
    private double loss;
    private final double[] squares = new double[parts.size()];
    private boolean begun;

    Update(List<Work> work) {
      this.work = work;
    }

    @Override
    public void complete(int part, double[] losses) {
      loss = add(earlier, losses);
      check("loss", loss, part);
      squares[part] = optimizer.sumOfSquares(part);
      check("gradient", squares[part], part);
      begun = true;
      apply(part, 1);
    }

    private void check(String what, double value, int part) {
      if (!Double.isFinite(value)) {
        throw Divergence.find(what, step + 1, parts, part, Work.ids(work), begun, loss, norm());
      }
    }

    private void apply(int part, double scale) {
      state.beforeUpdate(part);
      FaultPoint.reach("trainer.update");
      optimizer.update(part, new Optimizer.Step(lr, step + 1 - health.skipped(), scale));
      parts.get(part).gradients().free();
    }

    /// Updates the parts that were not updated in the backward.
    void rest() {
      if (memory.fused() && begun) {
        return;
      }
      for (int part = 0; part < squares.length; part++) {
        check("loss", loss, part);
        squares[part] = optimizer.sumOfSquares(part);
        setAside(part);
        check("gradient", squares[part], part);
      }
      double scale = config.clipNorm() > 0 ? Math.min(1, config.clipNorm() / (norm() + 1e-6)) : 1;
      for (int part = 0; part < squares.length; part++) {
        begun = true;
        apply(part, scale);
      }
    }

    /// The norm of all gradients seen so far.
    double norm() {
      double sum = 0;
      for (double value : squares) {
        sum += value;
      }
      return Math.sqrt(sum);
    }
  }

  /// Totals of what went through the model: the loss and entropies of all targets added up.
  public record GradientTotals(double loss, double entropy, int tokens, int targets) {
    static final GradientTotals NONE = new GradientTotals(0, 0, 0, 0);

    GradientTotals plus(Work work, Pass.Backward backward) {
      double sum = 0;
      for (float h : backward.targets().entropy()) {
        sum += h;
      }
      return new GradientTotals(
          add(loss, backward.losses()),
          entropy + sum,
          tokens + work.forest().numTokens(),
          targets + work.targets().size());
    }
  }

  /// Adds in order, so that the sum depends only on how targets are cut into chunks and
  /// micro-batches.
  private static double add(double before, double[] losses) {
    double sum = before;
    for (double loss : losses) {
      sum += loss;
    }
    return sum;
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
    return Forward.logprobs(model, batches, numerics);
  }

  @Override
  public List<float[]> values(List<PackedTokens> batches) {
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
    for (int part = 0; part < parts.size(); part++) {
      if (!Double.isFinite(optimizer.sumOfSquares(parts.get(part).values()))) {
        throw health.named(
            Divergence.find("weights", step, parts, part, List.of(), true, Double.NaN, 0));
      }
    }
    return state.freeze(mostCopied);
  }

  @Override
  public byte[] state() {
    return new TrainerState.Position(step, health.state()).toBytes();
  }

  @Override
  public void restore(Snapshot snapshot) {
    TrainerState.Position position = TrainerState.Position.of(snapshot);
    state.restore(snapshot);
    step = position.step();
    health.resume(position.health());
    publish();
  }

  @Override
  public void restoreWeights(Snapshot snapshot) {
    state.restoreWeights(snapshot);
    publish();
  }

  Optimizer optimizer() {
    return optimizer;
  }

  /// Waits for a checkpoint that still reads from this trainer.
  @Override
  public void close() {
    state.awaitDone();
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
