package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.PreparedWeight;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.Output;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.Pass.Backward;
import dev.burnish.nn.Pass.Logprobs;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.Arrays;
import java.util.Optional;

/// The last part of a decoder: final norm, projection to the vocabulary, and the loss of targets.
///
/// The head of a critic projects to one number instead: the value of a target, of the state in
/// which its token was chosen, takes the place of its log-probability; there are no entropies then,
/// and no scale.
///
/// It is computed only for the targets, in chunks of rows, so the logits of all tokens never exist
/// at once; with a gradient, each chunk goes forward and backward before the next. A head whose
/// vocabulary is divided among ranks differs in [Rows#forward] and [Rows#backward] only: there the
/// logits of a chunk are reduced to log-probabilities and its input's gradients add up.
final class Head {
  /// Elements of one chunk of logits: large enough for the matrix product, small enough for memory.
  private static final int CHUNK_ELEMENTS = 8 << 20;

  /// A request to a head.
  ///
  /// @param hidden_TH output of the last block
  /// @param scale of the logits: 1 / temperature
  record Query(Tensor hidden_TH, Targets targets, double scale, Numerics numerics) {}

  private final DecoderShape shape;
  private final Kernels kernels;
  private final Parameters parameters;
  private final Tensor norm_H;
  private final Linear projection;

  /// @param parameters that hold the norm
  Head(DecoderShape shape, Kernels kernels, Parameters parameters, Linear projection) {
    this.shape = shape;
    this.kernels = kernels;
    this.parameters = parameters;
    this.projection = projection;
    norm_H = parameters.value(Decoder.NORM);
  }

  /// Rows of logits that are computed at a time.
  static int chunkRows(int width) {
    return Math.clamp(CHUNK_ELEMENTS / width, 16, 4096);
  }

  /// Log-probabilities and entropies of the targets, or their values.
  Logprobs outputs(Query query) {
    try (TensorScope _ = TensorScope.open()) {
      Rows rows = new Rows(query);
      for (int from = 0; from < rows.count(); from += rows.chunk) {
        rows.forward(from);
      }
      return rows.result;
    }
  }

  /// Adds the gradient of a loss of the targets to the gradients of norm and projection, and that
  /// of the hidden states to `d_TH`.
  Backward backward(Query query, TargetLoss loss, Tensor d_TH) {
    Optional<Logprobs> all = loss.needsAll() ? Optional.of(outputs(query)) : Optional.empty();
    try (TensorScope _ = TensorScope.open()) {
      Rows rows = new Rows(query);
      Gradient gradient = new Gradient(loss, all.orElse(rows.result), rows);
      for (int from = 0; from < rows.count(); from += rows.chunk) {
        rows.forward(from);
        gradient.evaluate(from);
        rows.backward(from, gradient);
      }
      if (rows.count() > 0) {
        rows.backwardToHidden(d_TH);
      }
      return new Backward(rows.result, gradient.losses);
    }
  }

  /// A loss of the targets, evaluated chunk by chunk.
  private static final class Gradient {
    private final TargetLoss loss;
    private final Logprobs known;
    private final int chunk;
    private final float[] dLogprobs;
    private final float[] dEntropy;
    private final double[] losses;

    /// @param known log-probabilities: of all targets where the loss needs them, else of those so
    ///   far
    Gradient(TargetLoss loss, Logprobs known, Rows rows) {
      this.loss = loss;
      this.known = known;
      chunk = rows.chunk;
      dLogprobs = new float[rows.count()];
      dEntropy = new float[rows.count()];
      losses = new double[(rows.count() + chunk - 1) / chunk];
    }

    void evaluate(int from) {
      int to = Math.min(dLogprobs.length, from + chunk);
      losses[from / chunk] =
          loss.evaluate(
              new TargetLoss.Chunk(
                  from, to, known.logprobs(), known.entropy(), dLogprobs, dEntropy));
    }

    /// Those of a chunk's values, `[rows, 1]`.
    Tensor ofValues(int from) {
      float[] values =
          Arrays.copyOfRange(dLogprobs, from, Math.min(dLogprobs.length, from + chunk));
      return Tensor.of(values, values.length, 1);
    }

    /// Empty where no entropy of a chunk has one: then the kernel has less to do.
    float[] ofEntropies(int from) {
      int to = Math.min(dLogprobs.length, from + chunk);
      for (int i = from; i < to; i++) {
        if (dEntropy[i] != 0) {
          return dEntropy;
        }
      }
      return new float[0];
    }
  }

  /// The rows of the targets on their way through the head. Its tensors belong to the scope in
  /// which it was made.
  private final class Rows {
    private final Query query;
    private final int[] ids;
    private final int[] rows;
    private final int chunk = chunkRows(shape.headWidth());
    private final Logprobs result;
    private final Tensor x_NH;
    private final Tensor normed_NH;
    private final Tensor rstd_N;
    private final Tensor logits_NV;

    Rows(Query query) {
      this.query = query;
      ids = query.targets().ids();
      rows = query.targets().rows();
      result = new Logprobs(new float[rows.length], new float[rows.length]);
      x_NH = f32(rows.length, shape.hidden());
      normed_NH = f32(rows.length, shape.hidden());
      rstd_N = f32(rows.length);
      logits_NV = f32(Math.min(chunk, rows.length), shape.headWidth());
      if (rows.length > 0) {
        kernels.gatherRows(query.hidden_TH(), rows, x_NH);
        kernels.rmsNorm(x_NH, norm_H, shape.eps(), normed_NH, rstd_N);
      }
    }

    int count() {
      return rows.length;
    }

    private Tensor input(int from) {
      return normed_NH.narrow(0, from, Math.min(chunk, count() - from));
    }

    private Tensor logits(int from) {
      return logits_NV.narrow(0, 0, Math.min(chunk, count() - from));
    }

    /// The chunk's logits, reduced to log-probabilities and entropies in [#result], or its values.
    void forward(int from) {
      Tensor logits_CV = logits(from);
      projection.forward(input(from), logits_CV, Output.OVERWRITE, Dropout.NONE, query.numerics());
      switch (shape.head()) {
        case TIED, UNTIED ->
            kernels.logprobs(
                logits_CV, ids, from, query.scale(), result.logprobs(), result.entropy());
        case VALUE -> {
          float[] values = logits_CV.toFloatArray();
          System.arraycopy(values, 0, result.logprobs(), from, values.length);
        }
      }
    }

    /// The gradient of the chunk's input, in its place, from those of its log-probabilities and
    /// entropies; adds to that of the projection.
    void backward(int from, Gradient gradient) {
      Tensor logits_CV = logits(from);
      Tensor input_CH = input(from);
      switch (shape.head()) {
        case TIED, UNTIED ->
            kernels.logprobsBackward(
                logits_CV,
                ids,
                from,
                query.scale(),
                gradient.dLogprobs,
                gradient.ofEntropies(from),
                result.entropy());
        case VALUE -> logits_CV.copy_(gradient.ofValues(from).to(logits_CV.device()));
      }
      projection.backwardWeight(logits_CV, input_CH, Dropout.NONE);
      projection.backwardInput(logits_CV, input_CH, Dropout.NONE);
    }

    /// Goes back through the norm to the hidden states, once all chunks are done.
    void backwardToHidden(Tensor d_TH) {
      try (Tensor gradient = parameters.gradients().of(Decoder.NORM)) {
        kernels.rmsNormBackward(
            normed_NH, x_NH, norm_H, rstd_N, normed_NH, Output.OVERWRITE, gradient);
      }
      kernels.scatterAddRows(normed_NH, rows, d_TH);
    }
  }

  /// Logits of some rows of hidden states, `[rows, V]`; the caller's to close.
  Tensor logits(Tensor hidden_TH, int[] rows) {
    requireLogits();
    Tensor logits_NV = f32(rows.length, shape.vocabulary());
    try (TensorScope _ = TensorScope.open()) {
      Tensor x_NH = normedRows(hidden_TH, rows);
      projection.forward(x_NH, logits_NV, Output.OVERWRITE, Dropout.NONE, Numerics.BATCH_INVARIANT);
    }
    return logits_NV;
  }

  /// The projection's matrix, to be prepared for [#infer].
  Tensor matrix() {
    requireLogits();
    return projection.matrix();
  }

  /// The same in other values of its part, a view.
  Tensor matrix(Tensor values) {
    requireLogits();
    return projection.matrix(values);
  }

  /// [#logits] with the prepared projection.
  Tensor infer(PreparedWeight prepared, Tensor hidden_TH, int[] rows) {
    Tensor logits_NV = f32(rows.length, shape.vocabulary());
    try (TensorScope _ = TensorScope.open()) {
      projection.infer(prepared, normedRows(hidden_TH, rows), logits_NV, Output.OVERWRITE);
    }
    return logits_NV;
  }

  /// @throws IllegalStateException if this is the head of a critic
  void requireLogits() {
    if (shape.head() == HeadKind.VALUE) {
      throw new IllegalStateException(
          "only a head of the vocabulary has logits: head=%s; a critic gives values"
              .formatted(shape.head()));
    }
  }

  /// @throws IllegalStateException if this is not the head of a critic
  void requireValues() {
    if (shape.head() != HeadKind.VALUE) {
      throw new IllegalStateException(
          "only a critic has values: head=%s; make one with LanguageModel.critic"
              .formatted(shape.head()));
    }
  }

  private Tensor normedRows(Tensor hidden_TH, int[] rows) {
    Tensor x_NH = f32(rows.length, shape.hidden());
    kernels.gatherRows(hidden_TH, rows, x_NH);
    kernels.rmsNorm(x_NH, norm_H, shape.eps(), x_NH, f32(rows.length));
    return x_NH;
  }

  private Tensor f32(long... dims) {
    return Tensor.empty(DType.F32, norm_H.device(), dims);
  }
}
