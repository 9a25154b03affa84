package dev.burnish.train;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Pass.LogProbs;
import java.util.ArrayList;
import java.util.List;

/// Trains a decoder: gradients of micro-batches add up, then one optimizer step.
///
/// Not for use by two threads at a time; the weights change inside [#step] only.
public final class Trainer implements AutoCloseable {
  private final Decoder model;
  private final OptimizerConfig config;
  private final Schedule schedule;
  private final ActivationPolicy policy;
  private final AdamW optimizer;
  private final long totalSteps;
  private long step;

  /// @param totalSteps what the learning-rate schedule runs over
  public Trainer(Decoder model, OptimizerConfig config, long totalSteps, ActivationPolicy policy) {
    this.model = model;
    this.config = config;
    this.schedule = Schedule.named(config.schedule()).withWarmup(config.warmup());
    this.policy = policy;
    this.optimizer = new AdamW(model);
    this.totalSteps = totalSteps;
  }

  public Trainer(Decoder model, OptimizerConfig config, long totalSteps) {
    this(model, config, totalSteps, ActivationPolicy.keepAll());
  }

  public Decoder model() {
    return model;
  }

  /// Optimizer steps done.
  public long stepsDone() {
    return step;
  }

  /// Forward and backward over each micro-batch, then one update.
  ///
  /// @throws TrainingDiverged if the loss or the gradient is not finite; the weights are then as
  ///   they were
  public StepReport step(List<MicroBatch> batches, Objective objective) {
    long start = System.nanoTime();
    Sum sum = gradients(batches, objective);
    double loss = sum.loss();
    double norm = optimizer.gradientNorm();
    if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
      model.freeGradients();
      throw new TrainingDiverged(step + 1, loss, norm);
    }
    step++;
    double lr = config.lr() * schedule.at(step, totalSteps);
    double scale = config.clipNorm() > 0 ? Math.min(1, config.clipNorm() / (norm + 1e-6)) : 1;
    optimizer.update(config, lr, step, scale);
    for (var part : model.parts()) {
      part.gradients().zero_();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new StepReport(
        step,
        loss,
        norm,
        lr,
        sum.entropy() / Math.max(1, sum.targets()),
        sum.tokens(),
        sum.targets(),
        seconds);
  }

  /// What went through the model, and the loss and entropies of all targets added up.
  public record Sum(double loss, double entropy, int tokens, int targets) {}

  /// Forward and backward over each micro-batch without an update: adds to the gradients of the
  /// model.
  public Sum gradients(List<MicroBatch> batches, Objective objective) {
    double loss = 0;
    double entropy = 0;
    int tokens = 0;
    int targets = 0;
    for (int i = 0; i < batches.size(); i++) {
      Sum sum = accumulate(i, batches.get(i), objective);
      loss += sum.loss();
      entropy += sum.entropy();
      tokens += sum.tokens();
      targets += sum.targets();
    }
    return new Sum(loss, entropy, tokens, targets);
  }

  private Sum accumulate(int micro, MicroBatch batch, Objective objective) {
    try (Pass pass = model.forward(batch.forest(), policy)) {
      double[] loss = new double[1];
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
                  loss[0] +=
                      objective.gradient(
                          micro,
                          from,
                          to,
                          all.length == 0 ? logp : all,
                          entropies,
                          dLogp,
                          dEntropy));
      double entropy = 0;
      for (float h : result.entropy()) {
        entropy += h;
      }
      return new Sum(loss[0], entropy, batch.forest().numTokens(), batch.targets().size());
    }
  }

  /// Log-probabilities of each micro-batch's targets under the present weights, without a gradient.
  public List<float[]> logProbs(List<MicroBatch> batches) {
    List<float[]> result = new ArrayList<>();
    for (MicroBatch batch : batches) {
      try (Pass pass = model.evaluate(batch.forest())) {
        result.add(pass.logProbs(batch.targets(), 1).logp());
      }
    }
    return result;
  }

  AdamW optimizer() {
    return optimizer;
  }

  void resumeAt(long stepsDone) {
    step = stepsDone;
  }

  @Override
  public void close() {
    optimizer.close();
    model.freeGradients();
  }
}
