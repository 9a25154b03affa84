package dev.burnish.train;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.AdamWStep;
import dev.burnish.kernel.Kernels.SgdStep;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.train.Moments.Order;
import dev.burnish.train.ParameterRules.Algorithm;
import dev.burnish.train.ParameterRules.Rule;
import dev.burnish.train.ParameterRules.Run;
import dev.burnish.train.memory.UpdateJournal.Scalars;
import java.util.List;

/// The state of the optimizer for a model, in flat buffers next to the parameters, and the update
/// of one part at a time.
final class Optimizer implements AutoCloseable {
  /// Runs the update of one chunk.
  interface Chunks {
    /// @param state values and moments of the chunk, which `change` changes in place
    void update(List<Tensor> state, Runnable change);
  }

  /// Elements that are updated at once: read from a file together, and still in the processor's
  /// cache when they are written back.
  private static final int PIECE = 1 << 18;

  private final OptimizerConfig config;
  private final Kernels kernels;
  private final List<Parameters> parts;
  private final List<List<Run>> runs;
  private final Moments moments;
  private final Chunks chunks;

  static Optimizer of(Decoder model, OptimizerConfig config, Moments moments) {
    return new Optimizer(model, config, moments, (_, change) -> change.run());
  }

  /// @param moments where the state of the optimizer lives
  /// @param chunks runs the update of each chunk
  Optimizer(Decoder model, OptimizerConfig config, Moments moments, Chunks chunks) {
    this.config = config;
    this.moments = moments;
    this.chunks = chunks;
    kernels = Kernels.of(model.device());
    parts = model.trained();
    runs = ParameterRules.of(config, model);
  }

  /// Sum of squares of the gradients of one part, without those of frozen parameters.
  double sumOfSquares(int part) {
    if (!parts.get(part).gradients().exist()) {
      return 0;
    }
    double sum = 0;
    for (Run run : runs.get(part)) {
      if (run.rule().algorithm() != Algorithm.FROZEN) {
        try (Tensor gradient =
            parts.get(part).gradients().values().narrow(0, run.gradientOffset(), run.size())) {
          sum += kernels.sumOfSquares(gradient);
        }
      }
    }
    return sum;
  }

  /// Updates every parameter of a part from its gradient.
  void update(int index, Scalars step) {
    for (Run run : runs.get(index)) {
      if (run.algorithm() == Algorithm.FROZEN) {
        continue;
      }
      int piece = piece(run);
      for (int from = 0; from < run.size(); from += piece) {
        try (TensorScope _ = TensorScope.open()) {
          update(index, run, from, Math.min(piece, run.size() - from), step);
        }
      }
    }
  }

  private static int piece(Run run) {
    return run.algorithm() == Algorithm.MUON ? run.size() : PIECE;
  }

  /// The most elements of values and moments that are updated at once.
  static long largestChunk(List<List<Run>> runs) {
    return runs.stream()
        .flatMap(List::stream)
        .mapToLong(run -> (long) Math.min(piece(run), run.size()) * kept(run.algorithm()))
        .max()
        .orElse(0);
  }

  private static int kept(Algorithm algorithm) {
    return 1 + (algorithm.first() ? 1 : 0) + (algorithm.second() ? 1 : 0);
  }

  private void update(int index, Run run, int from, int size, Scalars step) {
    Parameters part = parts.get(index);
    Algorithm algorithm = run.algorithm();
    Tensor values = part.values().narrow(0, (long) run.offset() + from, size);
    Tensor gradient = part.gradients().values().narrow(0, run.gradientOffset() + from, size);
    long firstFrom = run.firstOffset() + from;
    long secondFrom = run.secondOffset() + from;
    Tensor m = moments.take(Order.FIRST, index, firstFrom, algorithm.first() ? size : 0);
    Tensor v = moments.take(Order.SECOND, index, secondFrom, algorithm.second() ? size : 0);
    chunks.update(
        List.of(values, m, v),
        () -> {
          switch (algorithm) {
            case ADAMW -> adamW(run.rule(), step, values, gradient, m, v);
            case SGD, SGD_WITHOUT_MOMENTUM -> sgd(run.rule(), step, values, gradient, m);
            case MUON ->
                muon(run.rule(), step, values.view(run.shape()), gradient.view(run.shape()), m);
            case FROZEN -> {}
          }
        });
    moments.giveBack(Order.FIRST, index, firstFrom, m);
    moments.giveBack(Order.SECOND, index, secondFrom, v);
  }

  private void adamW(Rule rule, Scalars step, Tensor values, Tensor gradient, Tensor m, Tensor v) {
    AdamWStep adamW =
        new AdamWStep(
            step.lr() * rule.lrScale(),
            config.beta1(),
            config.beta2(),
            config.eps(),
            rule.weightDecay(),
            step.number(),
            step.gradScale());
    kernels.adamW(adamW, values, gradient, m, v);
  }

  private void sgd(Rule rule, Scalars step, Tensor values, Tensor gradient, Tensor m) {
    double lr = step.lr() * rule.lrScale();
    OptimizerConfig.Sgd sgd = config.sgd();
    kernels.sgd(
        new SgdStep(lr, sgd.momentum(), sgd.nesterov(), rule.weightDecay(), step.gradScale()),
        values,
        gradient,
        m);
  }

  /// Source: muon_update of github.com/KellerJordan/Muon.
  private void muon(Rule rule, Scalars step, Tensor w_NK, Tensor g_NK, Tensor momentum) {
    OptimizerConfig.Muon muon = config.muon();
    double lr = step.lr() * rule.lrScale() * muon.lrScale();
    Tensor m_NK = momentum.view(w_NK.shape());
    Tensor fresh_NK = g_NK.mul((1 - muon.momentum()) * step.gradScale());
    m_NK.mul_(muon.momentum()).add_(fresh_NK);
    Tensor direction_NK = muon.nesterov() ? fresh_NK.add_(m_NK.mul(muon.momentum())) : m_NK;
    Tensor update_NK = NewtonSchulz.orthogonalize(kernels, direction_NK, muon.iterations());
    double shape = Math.sqrt(Math.max(1, (double) w_NK.size(0) / w_NK.size(1)));
    w_NK.mul_(1 - lr * rule.weightDecay()).add_(update_NK.mul_(-lr * shape));
  }

  Moments moments() {
    return moments;
  }

  @Override
  public void close() {
    moments.close();
  }
}
