package dev.burnish.kernel;

import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The numeric operations of a decoder, forward and backward, on tensors of one device.
///
/// Shapes: `T` tokens, `H` hidden, `N` outputs, `K` inputs, `V` vocabulary, `I` intermediate, `C`
/// columns. Matrices are F32 of rank 2 with adjacent columns; rows may be strided (a slice of a
/// wider matrix). Gradients of weights accumulate, all others overwrite unless stated otherwise.
/// Callers own all buffers. One operation at a time per output.
public sealed interface Kernels permits CpuKernels, TorchKernels {
  /// The fastest implementation for tensors of that device.
  static Kernels of(Device device) {
    return switch (device) {
      case Device.Cpu _ -> CpuKernels.shared();
      case Device.Cuda _ -> new TorchKernels(device);
    };
  }

  /// The same operations written with libtorch, for tensors of any device: the reference of every
  /// other implementation. Memory that it allocates is on the CPU.
  static Kernels reference() {
    return new TorchKernels(Device.CPU);
  }

  /// `out_TN = x_TK w_NK' + bias_N`, or added to `out`.
  ///
  /// @param numerics honoured on the CPU; elsewhere the library chooses
  void linear(
      Tensor x_TK,
      Tensor w_NK,
      @Nullable Tensor bias_N,
      Tensor out_TN,
      Output output,
      Numerics numerics);

  /// Memory for weights that are used in many products, with undefined values: see
  /// [Prepared#update]. The caller's to close.
  Prepared prepare(List<PackedLayout.Shape> weights, WeightFormat format);

  /// Weights that are used where they are, for few products: nothing is copied. They have to stay
  /// open, and to be prepared again when they change.
  default Prepared unpacked(List<Tensor> weights_NK) {
    PlainWeights plain =
        new PlainWeights(
            weights_NK.stream().map(PackedLayout.Shape::of).toList(), WeightFormat.F32);
    plain.update(weights_NK);
    return plain;
  }

  /// Weights that are packed in memory of others, such as a region that another process wrote.
  ///
  /// @param memory bytes of the size of the layout, at a multiple of [PackedLayout#ALIGNMENT]; it
  ///   stays its owner's, and open as long as the weights are used
  /// @throws IllegalArgumentException if it is not so, if the layout is of other registers than
  ///   this machine's, or on other devices than the CPU
  Prepared prepared(PackedLayout layout, Tensor memory);

  /// [#linear] with a prepared weight, in the values that its format keeps.
  ///
  /// @param numerics of which [Numerics#FASTEST] is [Numerics#BATCH_INVARIANT] here
  /// @throws IllegalStateException if the weight is closed
  void linear(
      Tensor x_TK,
      PreparedWeight w_NK,
      @Nullable Tensor bias_N,
      Tensor out_TN,
      Output output,
      Numerics numerics);

  /// `dx_TK = dy_TN w_NK`, or added to `dx`.
  void linearBackwardInput(Tensor dy_TN, Tensor w_NK, Tensor dx_TK, Output output);

  /// `dw_NK = dy_TN' x_TK`, or added to `dw`.
  void linearBackwardWeight(Tensor dy_TN, Tensor x_TK, Tensor dw_NK, Output output);

  /// `db_N += sum over T of dy_TN`.
  void biasBackward(Tensor dy_TN, Tensor db_N);

  /// Root-mean-square normalisation of each run of `w_H.size` columns: a whole row (`C = H`), or
  /// each head of it (`C = heads * H`). `rstd` takes one value per run, row by row. `out` may be
  /// `x`.
  void rmsNorm(Tensor x_TC, Tensor w_H, double eps, Tensor out_TC, Tensor rstd);

  /// `dx_TC = ...` (then `dx` may be `dy`), or added to `dx`; `dw_H += ...`. `x` is the input of
  /// the forward.
  void rmsNormBackward(
      Tensor dy_TC, Tensor x_TC, Tensor w_H, Tensor rstd, Tensor dx_TC, Output output, Tensor dw_H);

  /// Rotates each head of `headDim` columns in place by its row's position: the first half of a
  /// head with the second, as Hugging Face lays them out.
  void rope(Tensor x_TC, RopeTable table, int[] positions);

  /// Turns the gradient of the output of [#rope] into that of its input, in place: rotates back.
  void ropeBackward(Tensor dx_TC, RopeTable table, int[] positions);

  /// `out_TI = silu(gate) * up` of `gateUp_T2I`, whose first `I` columns are the gate.
  void swiGlu(Tensor gateUp_T2I, Tensor out_TI);

  /// Takes `da_TI`; leaves the forward's output in `da` and the gradient of `gateUp` in `gateUp`.
  void swiGluBackward(Tensor da_TI, Tensor gateUp_T2I);

  /// Attention of the query rows to the key rows of `plan`; query head `h` reads key-value head `h
  /// / (heads / kvHeads)`. `logsumexp_TQ` takes one value per row and query head.
  void attention(
      AttentionPlan plan, Heads heads, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp);

  /// [#attention] of a generator, without what a backward needs. On the CPU, the bits of a row
  /// depend on its query and on its keys in order of position alone: not on the spans in which
  /// these lie, nor on other rows. The plan's key rows are slots; it is fastest where a key's slot
  /// and position have the same remainder of 16, as in a cache of blocks.
  void invariantAttention(
      AttentionPlan plan, Heads heads, Tensor q, KeyValues keyValues, Tensor out);

  /// Memory for the keys and values of a decoder block, laid out for [#invariantAttention], with
  /// undefined values. The caller's to close.
  KeyValues keyValues(Heads heads, int numSlots);

  /// The gradient of [#attention]; `dk` and `dv` accumulate, `dq` is overwritten.
  void attentionBackward(
      AttentionPlan plan,
      Heads heads,
      AttentionTensors forward,
      Tensor dOut,
      Tensor dq,
      Tensor dk,
      Tensor dv);

  /// `out_TH = table_VH[ids]`.
  void gatherRows(Tensor table_VH, int[] ids, Tensor out_TH);

  /// The same from a prepared table, in the values that its format keeps.
  ///
  /// @throws IllegalStateException if the table is closed
  void gatherRows(PreparedWeight table_VH, int[] ids, Tensor out_TH);

  /// `dTable_VH[ids] += dy_TH`; equal ids accumulate, in order.
  void scatterAddRows(Tensor dy_TH, int[] ids, Tensor dTable_VH);

  /// Log-probabilities and entropies of softmax(`scale` * logits), one row per target:
  /// `logprobs[offset + i]` is that of `ids[offset + i]` in row `i`. Leaves in `logits_TV` the
  /// input of [#logprobsBackward].
  void logprobs(
      Tensor logits_TV, int[] ids, int offset, double scale, float[] logprobs, float[] entropy);

  /// Turns what [#logprobs] left in `logits_TV` into the gradient of the logits, for gradients
  /// `dLogprobs` of the log-probabilities and `dEntropy` of the entropies (empty: none).
  void logprobsBackward(
      Tensor logits_TV,
      int[] ids,
      int offset,
      double scale,
      float[] dLogprobs,
      float[] dEntropy,
      float[] entropy);

  /// Replaces each row of `logits_TV` by softmax(`scale` * row).
  void softmax(Tensor logits_TV, double scale);

  /// One AdamW update of a run of parameters with gradients scaled by `gradScale`.
  void adamW(AdamWStep step, Tensor parameter, Tensor gradient, Tensor m, Tensor v);

  /// One step of gradient descent with gradients scaled by `gradScale`; `m` is the momentum, or of
  /// no elements where there is none.
  void sgd(SgdStep step, Tensor parameter, Tensor gradient, Tensor m);

  /// Sum of squares of all elements of a contiguous tensor, in double precision.
  double sumOfSquares(Tensor x);

  /// Weights as these kernels want them for products with few rows. One call at a time, except that
  /// products may be under way.
  sealed interface Prepared extends AutoCloseable permits PackedWeights, PlainWeights {
    PreparedWeight get(int index);

    /// Takes over the values of weights of the same shapes.
    ///
    /// @param weights_NK of which packed ones are not needed afterwards
    void update(List<Tensor> weights_NK);

    /// Frees memory of its own, after the product that is under way.
    @Override
    void close();
  }

  /// One of them, for the kernels that prepared it.
  sealed interface PreparedWeight permits PackedWeights.Packed, PlainWeights.Plain {}

  /// Numbers of query heads and key-value heads and their width.
  record Heads(int query, int keyValue, int dim) {
    public Heads {
      if (query < 1 || keyValue < 1 || query % keyValue != 0 || dim < 1) {
        throw new IllegalArgumentException(
            "query heads are a multiple of key-value heads: query=%d keyValue=%d dim=%d"
                .formatted(query, keyValue, dim));
      }
    }

    public int queryDim() {
      return query * dim;
    }

    public int keyValueDim() {
      return keyValue * dim;
    }

    /// Factor of the attention scores.
    public float scale() {
      return (float) (1 / Math.sqrt(dim));
    }
  }

  /// Keys and values of past tokens, one per slot, for one decoder block.
  sealed interface KeyValues extends AutoCloseable permits PanelKeyValues, RowKeyValues {
    int numSlots();

    /// Writes the keys and values of tokens into slots.
    ///
    /// @param slots_T I64, each once
    void write(Tensor slots_T, Tensor k_TD, Tensor v_TD);

    /// Copies slots to others; all are read before any is written.
    ///
    /// @param to as many as `from`, each once
    void copy(int[] from, int[] to);

    @Override
    void close();
  }

  /// The tensors that attention's forward read and wrote.
  record AttentionTensors(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp) {}

  /// Hyper-parameters of one AdamW update; `step` counts from 1.
  record AdamWStep(
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      long step,
      double gradScale) {}

  /// Hyper-parameters of one step of gradient descent. The decay is added to the gradient.
  record SgdStep(
      double lr, double momentum, boolean nesterov, double weightDecay, double gradScale) {}
}
