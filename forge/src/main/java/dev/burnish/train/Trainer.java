package dev.burnish.train;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Kernels.Rounding;
import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Pass.LogProbs;
import dev.burnish.nn.Pass.PartListener;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.MappedFile;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;
import dev.burnish.train.memory.ActivationFile;
import dev.burnish.train.memory.Sizes;
import dev.burnish.train.memory.StepEstimate;
import dev.burnish.train.memory.TrainedBytes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Trains a decoder: gradients of micro-batches add up, then one optimizer step.
///
/// Where nothing has to be known of all gradients before the first update (no clipping, no skipping
/// of bad steps), each part of the model is updated inside the last backward and its gradients are
/// freed at once. What else lies where is in [#memory]. No such choice changes a number.
///
/// Not for use by two threads at a time; the weights change inside [#step] only, which publishes
/// them as the version of the steps done.
public final class Trainer implements AutoCloseable {
  /// The section of a checkpoint that holds [#state].
  public static final String SECTION = "trainer";

  /// Copies of parts that a checkpoint still waits for may take this much.
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
  private boolean rehearses;
  private Optional<StepEstimate> estimate = Optional.empty();

  /// @param totalSteps what the learning-rate schedule runs over
  /// @param policy which activations are kept, whatever the budget
  public Trainer(Decoder model, OptimizerConfig config, long totalSteps, ActivationPolicy policy) {
    this(model, config, totalSteps, TrainerOptions.defaults().withPolicy(policy));
  }

  public Trainer(Decoder model, OptimizerConfig config, long totalSteps) {
    this(model, config, totalSteps, TrainerOptions.defaults());
  }

  public Trainer(Decoder model, OptimizerConfig config, long totalSteps, TrainerOptions options) {
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

  private void publish() {
    model.trainedWeights().publish(step);
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

  /// What lies where.
  public MemoryPlan memory() {
    return memory;
  }

  public Health health() {
    return health;
  }

  /// Floating-point operations that a step over that many tokens and targets needs.
  public double flops(long tokens, long targets) {
    return Sizes.flops(model.shape(), tokens, targets);
  }

  /// Steps done, those whose update was skipped among them.
  public long stepsDone() {
    return step;
  }

  /// Forward and backward over each micro-batch, then one update. A step whose update is skipped
  /// counts as one for the schedule, and not for AdamW's correction of its moments.
  ///
  /// @throws TrainingDiverged if the loss or the gradient is not finite and such steps are not
  ///   skipped
  public StepReport step(List<MicroBatch> batches, Objective objective) {
    if (rehearses) {
      return foretell(batches);
    }
    long start = System.nanoTime();
    Update update = new Update(batches);
    Sum sum = new Sum(0, 0, 0, 0);
    double norm = Double.NaN;
    try {
      for (int i = 0; i < batches.size(); i++) {
        PartListener listener = memory.fused() && i == batches.size() - 1 ? update : this::setAside;
        sum = sum.plus(accumulate(i, batches.get(i), objective, listener, update.loss));
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
        update.loss[0],
        norm,
        update.lr,
        sum.entropy() / Math.max(1, sum.targets()),
        sum.tokens(),
        sum.targets(),
        seconds);
  }

  /// From now on steps are not done but foretold: [#estimate] says what one would take. They report
  /// zeros and leave the model as it is.
  public void rehearse() {
    rehearses = true;
  }

  /// What the last step that was only foretold would have taken.
  public Optional<StepEstimate> estimate() {
    return estimate;
  }

  private StepReport foretell(List<MicroBatch> batches) {
    logProbs(batches.subList(0, 1), Rounding.BY_SHAPE);
    long start = System.nanoTime();
    logProbs(batches, Rounding.BY_SHAPE);
    double seconds = (System.nanoTime() - start) / 1e9;
    StepEstimate foretold = memory.estimate(model.shape(), bytes, policy, batches, seconds);
    estimate = Optional.of(foretold);
    int tokens = Math.toIntExact(foretold.tokens());
    int targets = Math.toIntExact(foretold.targets());
    return new StepReport(step, 0, 0, 0, 0, tokens, targets, seconds);
  }

  private void setAside(int part) {
    parts.get(part).gradients().setAside();
  }

  /// The update of one step, part by part, in the order in which the backward ends with them or all
  /// at the end.
  private final class Update implements PartListener {
    private final List<MicroBatch> batches;
    private final double lr = config.lr() * schedule.at(step + 1, totalSteps);
    private final double[] loss = new double[1];
    private final double[] squares = new double[parts.size()];
    private boolean begun;

    Update(List<MicroBatch> batches) {
      this.batches = batches;
    }

    @Override
    public void complete(int part) {
      check("loss", loss[0], part);
      squares[part] = optimizer.sumOfSquares(part);
      check("gradient", squares[part], part);
      begun = true;
      apply(part, 1);
    }

    private void check(String what, double value, int part) {
      if (!Double.isFinite(value)) {
        throw Divergence.find(what, step + 1, parts, part, batches, begun, loss[0], norm());
      }
    }

    private void apply(int part, double scale) {
      state.beforeUpdate(part);
      FaultPoint.reach("trainer.update");
      optimizer.update(part, new Optimizer.Step(lr, step + 1 - health.skipped(), scale));
      parts.get(part).gradients().free();
    }

    /// What was not updated in the backward.
    void rest() {
      if (memory.fused() && begun) {
        return;
      }
      for (int part = 0; part < squares.length; part++) {
        check("loss", loss[0], part);
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

    /// Of all gradients seen so far.
    double norm() {
      double sum = 0;
      for (double value : squares) {
        sum += value;
      }
      return Math.sqrt(sum);
    }
  }

  /// What went through the model, and the loss and entropies of all targets added up.
  public record Sum(double loss, double entropy, int tokens, int targets) {
    Sum plus(Sum other) {
      return new Sum(
          loss + other.loss,
          entropy + other.entropy,
          tokens + other.tokens,
          targets + other.targets);
    }
  }

  /// Forward and backward over each micro-batch without an update: adds to the gradients of the
  /// model.
  public Sum gradients(List<MicroBatch> batches, Objective objective) {
    Sum sum = new Sum(0, 0, 0, 0);
    for (int i = 0; i < batches.size(); i++) {
      sum = sum.plus(accumulate(i, batches.get(i), objective, _ -> {}, new double[1]));
    }
    return sum;
  }

  private Pass forward(int micro, MicroBatch batch, Rounding rounding) {
    long key = KeyedRandom.bits(step, "pass", micro);
    return model.forward(batch.forest(), policy, activations.map(file -> file), key, rounding);
  }

  /// @param runningLoss the loss of the step so far, which is added to
  private Sum accumulate(
      int micro,
      MicroBatch batch,
      Objective objective,
      PartListener listener,
      double[] runningLoss) {
    double before = runningLoss[0];
    try (Pass pass = forward(micro, batch, objective.rounding())) {
      LogProbs known = null;
      if (objective.needsAll(micro)) {
        known = pass.logProbs(batch.targets(), 1);
      }
      float[] all = known == null ? new float[0] : known.logp();
      LogProbs result =
          pass.backward(
              batch.targets(),
              1,
              (from, to, logp, entropies, dLogp, dEntropy) ->
                  runningLoss[0] +=
                      objective.gradient(
                          micro,
                          from,
                          to,
                          all.length == 0 ? logp : all,
                          entropies,
                          dLogp,
                          dEntropy),
              listener);
      double entropy = 0;
      for (float h : result.entropy()) {
        entropy += h;
      }
      return new Sum(
          runningLoss[0] - before, entropy, batch.forest().numTokens(), batch.targets().size());
    }
  }

  /// Log-probabilities of each micro-batch's targets under the present weights, without a gradient,
  /// with the bits that an objective sees.
  public List<float[]> logProbs(List<MicroBatch> batches, Objective objective) {
    return logProbs(batches, objective.rounding());
  }

  private List<float[]> logProbs(List<MicroBatch> batches, Rounding rounding) {
    List<float[]> result = new ArrayList<>();
    for (MicroBatch batch : batches) {
      try (Pass pass = model.evaluate(batch.forest(), rounding)) {
        result.add(pass.logProbs(batch.targets(), 1).logp());
      }
    }
    return result;
  }

  /// Weights and optimizer state as they are now, for a checkpoint that is written while training
  /// goes on. There is one at a time.
  ///
  /// @throws TrainingDiverged if weights are not finite: a checkpoint of them is good for nothing
  /// @throws IllegalStateException if the one before was not closed
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

  /// Step and health, for the section [#SECTION] of a checkpoint.
  public byte[] state() {
    return new TrainerState.Position(step, health.state()).toBytes();
  }

  /// Goes back to a checkpoint of the same model and optimizer, wherever the model is now.
  ///
  /// @throws IllegalArgumentException if the checkpoint is of something else; the trainer is then
  ///   not to be used
  public void restore(Snapshot snapshot) {
    TrainerState.Position position = TrainerState.Position.of(snapshot);
    state.restore(snapshot);
    step = position.step();
    health.resume(position.health());
    publish();
  }

  /// Has the model the weights of a checkpoint, and leaves everything else as it is; also after
  /// [#close].
  ///
  /// @throws IllegalArgumentException if the checkpoint is of another model
  public void restoreWeights(Snapshot snapshot) {
    state.restoreWeights(snapshot);
    publish();
  }

  Optimizer optimizer() {
    return optimizer;
  }

  /// Waits for a checkpoint that still reads from here.
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
