package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.nn.DecoderBlock.Saved;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One forward of a batch and the backward that may follow it.
///
/// The head is computed only for the targets, in chunks, so the logits of all tokens never exist at
/// once; with a gradient, each chunk goes forward and backward before the next. A pass is used once
/// and closed by whoever asked for it.
public final class Pass implements AutoCloseable {
  /// Elements of one chunk of logits: large enough for the matrix product, small enough for memory.
  private static final int CHUNK_ELEMENTS = 8 << 20;

  /// Told of each part of the model whose gradients are complete for this pass, from the head down:
  /// no later operation of the pass reads or writes that part.
  @FunctionalInterface
  public interface PartListener {
    /// @param part index in [Decoder#parts]
    /// @param losses of the chunks, all of them
    void complete(int part, double[] losses);
  }

  /// Log-probability and entropy of each target, in their order.
  public record LogProbs(float[] logp, float[] entropy) {}

  /// What a backward computed on its way.
  ///
  /// @param losses of the chunks of targets, in their order; their sum is the loss of the pass
  public record Backward(LogProbs targets, double[] losses) {}

  private final Decoder decoder;
  private final Kernels kernels;
  private final int[] tokens;
  private final PassContext context;
  private final Optional<ActivationPolicy.Store> store;
  private final List<Tensor> inputs = new ArrayList<>();
  private final List<@Nullable Saved> saved = new ArrayList<>();
  private Tensor hidden_TH;

  /// To be followed by a backward.
  ///
  /// @param store for the activations that the policy does not keep
  Pass(
      Decoder decoder,
      PassContext context,
      int[] tokens,
      ActivationPolicy policy,
      Optional<ActivationPolicy.Store> store) {
    this(decoder, context, tokens, policy, store, true);
  }

  /// For log-probabilities alone.
  Pass(Decoder decoder, PassContext context, int[] tokens) {
    this(decoder, context, tokens, ActivationPolicy.recomputeAll(), Optional.empty(), false);
  }

  private Pass(
      Decoder decoder,
      PassContext context,
      int[] tokens,
      ActivationPolicy policy,
      Optional<ActivationPolicy.Store> store,
      boolean training) {
    this.decoder = decoder;
    this.store = store;
    this.kernels = decoder.kernels();
    this.tokens = tokens;
    this.context = context;
    hidden_TH = states();
    decoder.embed(tokens, hidden_TH);
    List<DecoderBlock> blocks = decoder.blocks();
    for (int i = 0; i < blocks.size(); i++) {
      Tensor out_TH = states();
      Saved kept = blocks.get(i).forward(hidden_TH, context, out_TH);
      long bytes = DecoderBlock.savedBytesPerToken(blocks.get(i).shape()) * tokens.length;
      if (training && policy.keeps(i, blocks.size(), bytes)) {
        saved.add(kept);
      } else {
        if (training && store.isPresent()) {
          store.get().put(i, List.of(kept.memory()));
        }
        kept.close();
        saved.add(null);
      }
      if (training) {
        inputs.add(hidden_TH);
      } else {
        hidden_TH.close();
      }
      hidden_TH = out_TH;
    }
  }

  private Tensor states() {
    return Tensor.empty(DType.F32, decoder.device(), tokens.length, decoder.shape().hidden());
  }

  /// Log-probabilities of the targets under softmax(`scale` * logits). `scale` is 1 / temperature.
  public LogProbs logProbs(Targets targets, double scale) {
    return head(targets, scale, null, null).targets();
  }

  /// Log-probabilities of the targets, and the gradient of a loss of them added to the gradients of
  /// all parameters.
  public Backward backward(Targets targets, double scale, TargetLoss loss) {
    return backward(targets, scale, loss, (_, _) -> {});
  }

  /// The same, telling `listener` as the gradients of each part are complete, so that a part may be
  /// updated and its gradients freed while the backward goes on. Values of the loss are known
  /// before the first part is.
  public Backward backward(Targets targets, double scale, TargetLoss loss, PartListener listener) {
    if (inputs.size() != saved.size()) {
      throw new IllegalStateException("a pass made by evaluate() has no backward; use forward()");
    }
    Optional<LogProbs> all =
        loss.needsAll() ? Optional.of(logProbs(targets, scale)) : Optional.empty();
    try (Tensor d_TH = Tensor.zeros(DType.F32, decoder.device(), hidden_TH.shape())) {
      Backward result = head(targets, scale, new Gradient(loss, all), d_TH);
      hidden_TH.close();
      listener.complete(saved.size() + 1, result.losses());
      int first = decoder.firstTrained();
      for (int i = saved.size() - 1; i >= 0; i--) {
        if (i + 1 >= first) {
          blockBackward(i, d_TH);
        }
        listener.complete(i + 1, result.losses());
      }
      decoder.embedBackward(tokens, d_TH);
      listener.complete(0, result.losses());
      return result;
    }
  }

  private void blockBackward(int i, Tensor d_TH) {
    DecoderBlock block = decoder.blocks().get(i);
    Saved kept = saved.get(i);
    if (kept == null) {
      kept = restored(i);
    }
    saved.set(i, null);
    block.backward(kept, context, d_TH);
    inputs.get(i).close();
  }

  /// What the policy did not keep of a block: from the store, or computed again.
  private Saved restored(int i) {
    DecoderBlock block = decoder.blocks().get(i);
    if (store.isEmpty()) {
      return block.recompute(inputs.get(i), context);
    }
    Saved room = block.room(inputs.get(i));
    saved.set(i, room);
    store.get().take(i, List.of(room.memory()));
    return room;
  }

  /// A loss, and the log-probabilities of all targets where it needs them.
  private record Gradient(TargetLoss loss, Optional<LogProbs> all) {}

  private Backward head(
      Targets targets, double scale, @Nullable Gradient gradient, @Nullable Tensor d_TH) {
    int[] rows = targets.rows();
    int[] ids = targets.ids();
    int count = rows.length;
    LogProbs result = new LogProbs(new float[count], new float[count]);
    float[] dLogp = new float[gradient == null ? 0 : count];
    float[] dEntropy = new float[dLogp.length];
    int chunk = chunkRows(decoder.shape().vocabulary());
    double[] losses = new double[gradient == null ? 0 : (count + chunk - 1) / chunk];
    if (count == 0) {
      return new Backward(result, losses);
    }
    try (TensorScope _ = TensorScope.open()) {
      Tensor x_NH = f32(count, decoder.shape().hidden());
      Tensor normed_NH = f32(count, decoder.shape().hidden());
      Tensor rstd_N = f32(count);
      kernels.gatherRows(hidden_TH, rows, x_NH);
      decoder.norm(x_NH, normed_NH, rstd_N);
      Tensor logits_NV = f32(Math.min(chunk, count), decoder.shape().vocabulary());
      for (int from = 0; from < count; from += chunk) {
        int to = Math.min(count, from + chunk);
        Tensor part_NH = normed_NH.narrow(0, from, to - from);
        Tensor part_NV = logits_NV.narrow(0, 0, to - from);
        decoder.head(part_NH, part_NV, context.numerics());
        kernels.logProbs(part_NV, ids, from, scale, result.logp(), result.entropy());
        if (gradient != null) {
          LogProbs known = gradient.all().orElse(result);
          losses[from / chunk] =
              gradient
                  .loss()
                  .evaluate(
                      new TargetLoss.Chunk(
                          from, to, known.logp(), known.entropy(), dLogp, dEntropy));
          float[] entropyGradient = isZero(dEntropy, from, to) ? new float[0] : dEntropy;
          kernels.logProbsBackward(
              part_NV, ids, from, scale, dLogp, entropyGradient, result.entropy());
          decoder.headBackward(part_NV, part_NH);
        }
      }
      if (d_TH != null) {
        decoder.normBackward(normed_NH, x_NH, rstd_N);
        kernels.scatterAddRows(normed_NH, rows, d_TH);
      }
    }
    return new Backward(result, losses);
  }

  /// Rows of logits that are computed at a time.
  public static int chunkRows(int vocabulary) {
    return Math.clamp(CHUNK_ELEMENTS / vocabulary, 16, 4096);
  }

  private static boolean isZero(float[] values, int from, int to) {
    for (int i = from; i < to; i++) {
      if (values[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private Tensor f32(long... shape) {
    return Tensor.empty(DType.F32, decoder.device(), shape);
  }

  /// Logits of some rows, `[rows, V]`; the caller's to close.
  public Tensor logits(int... rows) {
    return decoder.logits(hidden_TH, rows);
  }

  @Override
  public void close() {
    for (Saved kept : saved) {
      if (kept != null) {
        kept.close();
      }
    }
    inputs.forEach(Tensor::close);
    hidden_TH.close();
  }
}
