package dev.burnish.nn;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;

/// One forward of a batch through a whole decoder, in one [Stage] of all blocks, and the backward
/// that may follow it. Single use; the caller closes it.
public final class Pass implements AutoCloseable {
  /// Told of each part of the model whose gradients are complete for this pass, from the head down:
  /// no later operation of the pass reads or writes that part.
  @FunctionalInterface
  public interface PartListener {
    /// @param part index in [Decoder#parts]
    /// @param losses of the chunks, all of them
    void complete(int part, double[] losses);
  }

  /// Log-probability and entropy of each target, in their order.
  public record Logprobs(float[] logprobs, float[] entropy) {}

  /// The values that a backward computes along the way.
  ///
  /// @param losses of the chunks of targets, in their order; their sum is the loss of the pass
  public record Backward(Logprobs targets, double[] losses) {}

  private final Decoder decoder;
  private final PassContext context;
  private final int[] tokens;
  private final Stage blocks;
  private final Tensor hidden_TH;

  private Pass(Decoder decoder, PassContext context, int[] tokens, Stage blocks, Tensor hidden_TH) {
    this.decoder = decoder;
    this.context = context;
    this.tokens = tokens;
    this.blocks = blocks;
    this.hidden_TH = hidden_TH;
  }

  static Pass forward(Decoder decoder, PassContext context, int[] tokens, Retention retention) {
    Stage blocks = new Stage(decoder, 0, decoder.blocks().size(), context, retention);
    return new Pass(decoder, context, tokens, blocks, blocks.forward(decoder.embed(tokens)));
  }

  /// Log-probabilities of the targets under softmax(`scale` * logits). `scale` is 1 / temperature.
  ///
  /// @throws IllegalStateException if the decoder is a critic
  public Logprobs logprobs(Targets targets, double scale) {
    decoder.head().requireLogits();
    return decoder.head().outputs(query(targets, scale));
  }

  /// The value of each target, that of the state in which its token was chosen: the tokens before
  /// it.
  ///
  /// @throws IllegalStateException if the decoder is not a critic
  public float[] values(Targets targets) {
    decoder.head().requireValues();
    return decoder.head().outputs(query(targets, 1)).logprobs();
  }

  /// Log-probabilities of the targets, or the values of a critic, and the gradient of a loss of
  /// them added to the gradients of all parameters.
  public Backward backward(Targets targets, double scale, TargetLoss loss) {
    return backward(targets, scale, loss, (_, _) -> {});
  }

  /// The same, telling `listener` as the gradients of each part are complete, so that a part may be
  /// updated and its gradients freed while the backward continues. Values of the loss are known
  /// before the first part is.
  public Backward backward(Targets targets, double scale, TargetLoss loss, PartListener listener) {
    if (!blocks.hasBackward()) {
      throw new IllegalStateException("a pass made by evaluate() has no backward; use forward()");
    }
    try (Tensor d_TH = Tensor.zeros(DType.F32, decoder.device(), hidden_TH.shape())) {
      Backward result = decoder.head().backward(query(targets, scale), loss, d_TH);
      hidden_TH.close();
      listener.complete(decoder.blocks().size() + 1, result.losses());
      blocks.backward(d_TH, part -> listener.complete(part, result.losses()));
      decoder.embedBackward(tokens, d_TH);
      listener.complete(0, result.losses());
      return result;
    }
  }

  private Head.Query query(Targets targets, double scale) {
    return new Head.Query(hidden_TH, targets, scale, context.numerics());
  }

  /// Rows of logits that the head computes at a time.
  ///
  /// @param width of the head, see [DecoderShape#headWidth]
  public static int chunkRows(int width) {
    return Head.chunkRows(width);
  }

  /// Logits of some rows, `[rows, V]`; the caller's to close.
  public Tensor logits(int... rows) {
    return decoder.head().logits(hidden_TH, rows);
  }

  @Override
  public void close() {
    blocks.close();
    hidden_TH.close();
  }
}
