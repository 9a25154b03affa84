package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels;
import dev.burnish.nn.Parameters.Spec;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// A decoder-only transformer as a list of parts: embedding, blocks, final norm and head.
/// Everything that knows about checkpointing, sharding or offload works on that list, from outside.
///
/// Parameter names are those of Hugging Face. One forward or backward at a time.
public final class Decoder implements AutoCloseable {
  static final String EMBEDDING = "model.embed_tokens.weight";
  static final String NORM = "model.norm.weight";
  static final String HEAD = "lm_head.weight";

  private final DecoderShape shape;
  private final Device device;
  private final Kernels kernels;
  private final Parameters embedding;
  private final List<DecoderBlock> blocks = new ArrayList<>();
  private final Parameters end;
  private final Tensor embedding_VH;
  private final Tensor norm_H;
  private final Tensor head_VH;

  /// A decoder whose parameters are all zero.
  public Decoder(DecoderShape shape, Device device) {
    this.shape = shape;
    this.device = device;
    this.kernels = Kernels.of(device);
    int v = shape.vocabulary();
    int h = shape.hidden();
    embedding = new Parameters(device, List.of(new Spec(EMBEDDING, v, h)));
    for (int i = 0; i < shape.blocks().size(); i++) {
      blocks.add(new DecoderBlock("model.layers." + i + ".", shape.blocks().get(i), device));
    }
    List<Spec> last = new ArrayList<>(List.of(new Spec(NORM, h)));
    if (!shape.tiedHead()) {
      last.add(new Spec(HEAD, v, h));
    }
    end = new Parameters(device, last);
    embedding_VH = embedding.value(EMBEDDING);
    norm_H = end.value(NORM);
    head_VH = shape.tiedHead() ? embedding_VH : end.value(HEAD);
  }

  /// Fills every parameter from the seed: matrices from a normal distribution of that deviation,
  /// norms with 1, biases with 0. A parameter's values depend on the seed and its name only.
  public Decoder initialize(long seed, double deviation) {
    float[] piece = new float[1 << 18];
    for (Parameters part : parts()) {
      for (String name : part.names()) {
        fill(part, name, KeyedRandom.of(seed, name, 0), deviation, piece);
      }
    }
    return this;
  }

  /// In pieces, since an embedding is too large for the Java heap to hold for nothing.
  private static void fill(
      Parameters part, String name, RandomGenerator random, double deviation, float[] piece) {
    boolean matrix = part.spec(name).shape().length > 1;
    int size = part.spec(name).size();
    for (int from = 0; from < size; from += piece.length) {
      int count = Math.min(piece.length, size - from);
      for (int i = 0; i < count; i++) {
        piece[i] =
            matrix ? (float) (deviation * random.nextGaussian()) : name.endsWith(".bias") ? 0 : 1;
      }
      try (TensorScope _ = TensorScope.open()) {
        Tensor values = Tensor.of(piece, piece.length).narrow(0, 0, count);
        part.values().narrow(0, (long) part.offset(name) + from, count).copy_(values);
      }
    }
  }

  public DecoderShape shape() {
    return shape;
  }

  public Device device() {
    return device;
  }

  Kernels kernels() {
    return kernels;
  }

  List<DecoderBlock> blocks() {
    return blocks;
  }

  /// The parameters in order of the forward: embedding, each block, final norm with the head.
  public List<Parameters> parts() {
    List<Parameters> parts = new ArrayList<>();
    parts.add(embedding);
    blocks.forEach(block -> parts.add(block.parameters()));
    parts.add(end);
    return parts;
  }

  public long numParameters() {
    return parts().stream().mapToLong(part -> part.values().numElements()).sum();
  }

  /// Which part holds each parameter, by name.
  public Map<String, Parameters> partByName() {
    Map<String, Parameters> result = new LinkedHashMap<>();
    for (Parameters part : parts()) {
      part.names().forEach(name -> result.put(name, part));
    }
    return result;
  }

  /// Copies every parameter of a decoder of the same shape.
  public void copyFrom(Decoder other) {
    List<Parameters> mine = parts();
    List<Parameters> theirs = other.parts();
    for (int i = 0; i < mine.size(); i++) {
      mine.get(i).values().copy_(theirs.get(i).values());
    }
  }

  /// The part that holds a parameter.
  ///
  /// @throws IllegalArgumentException if none does
  public Parameters part(String name) {
    Parameters part = partByName().get(name);
    if (part == null) {
      throw new IllegalArgumentException("a model has no such parameter: name=" + name);
    }
    return part;
  }

  public void freeGradients() {
    parts().forEach(Parameters::freeGradients);
  }

  /// Forward over a packed batch, to be followed by [Pass#logProbs] or [Pass#backward].
  public Pass forward(TokenForest forest, ActivationPolicy policy) {
    return new Pass(this, forest, policy, Optional.empty(), true);
  }

  /// The same, with a store for the activations that the policy does not keep.
  public Pass forward(TokenForest forest, ActivationPolicy policy, ActivationStore store) {
    return new Pass(this, forest, policy, Optional.of(store), true);
  }

  /// Forward that keeps nothing, for log-probabilities alone.
  public Pass evaluate(TokenForest forest) {
    return new Pass(this, forest, ActivationPolicy.recomputeAll(), Optional.empty(), false);
  }

  /// @throws IllegalArgumentException if a position lies beyond what the model was made for
  Layout layout(int[] positions, AttentionPlan plan) {
    int last = 0;
    for (int position : positions) {
      last = Math.max(last, position);
    }
    if (last >= shape.maxPositions()) {
      throw new IllegalArgumentException(
          "a sequence of %d tokens exceeds max_position_embeddings=%d; shorten the prompt or the completion"
              .formatted(last + 1, shape.maxPositions()));
    }
    return new Layout(positions, shape.rope().table(last + 1), plan);
  }

  void embed(int[] tokens, Tensor out_TH) {
    kernels.gatherRows(embedding_VH, tokens, out_TH);
  }

  void embedBackward(int[] tokens, Tensor d_TH) {
    try (Tensor gradient = embedding.gradient(EMBEDDING)) {
      kernels.scatterAddRows(d_TH, tokens, gradient);
    }
  }

  /// The final norm of some rows; `rstd` takes one value a row.
  void norm(Tensor x_NH, Tensor out_NH, Tensor rstd_N) {
    kernels.rmsNorm(x_NH, norm_H, shape.eps(), out_NH, rstd_N);
  }

  void normBackward(Tensor dy_NH, Tensor x_NH, Tensor rstd_N) {
    try (Tensor gradient = end.gradient(NORM)) {
      kernels.rmsNormBackward(dy_NH, x_NH, norm_H, rstd_N, dy_NH, false, gradient);
    }
  }

  Tensor head() {
    return head_VH;
  }

  /// Gradient of the head's matrix, which is the embedding's where they are tied. The caller's to
  /// close.
  Tensor headGradient() {
    return shape.tiedHead() ? embedding.gradient(EMBEDDING) : end.gradient(HEAD);
  }

  /// Runs new tokens through the model, storing their keys and values in `slots` of the cache, and
  /// returns the hidden states of all of them before the final norm, `[T, H]`. The plan's key rows
  /// are cache slots.
  public Tensor infer(
      int[] tokens, int[] positions, AttentionPlan plan, KeyValueCache cache, int[] slots) {
    Tensor x_TH = Tensor.empty(DType.F32, device, tokens.length, shape.hidden());
    Layout layout = layout(positions, plan);
    try (TensorScope _ = TensorScope.open()) {
      embed(tokens, x_TH);
      Tensor slots_T = Tensor.of(slots, slots.length).to(device);
      for (int i = 0; i < blocks.size(); i++) {
        blocks.get(i).infer(x_TH, layout, cache.keys(i), cache.values(i), slots_T);
      }
    }
    return x_TH;
  }

  /// Logits of some rows of hidden states, `[rows, V]`.
  public Tensor logits(Tensor hidden_TH, int[] rows) {
    Tensor logits_NV = Tensor.empty(DType.F32, device, rows.length, shape.vocabulary());
    try (TensorScope _ = TensorScope.open()) {
      Tensor x_NH = Tensor.empty(DType.F32, device, rows.length, shape.hidden());
      kernels.gatherRows(hidden_TH, rows, x_NH);
      norm(x_NH, x_NH, Tensor.empty(DType.F32, device, rows.length));
      kernels.linear(x_NH, head_VH, null, logits_NV, false);
    }
    return logits_NV;
  }

  @Override
  public void close() {
    parts().forEach(Parameters::close);
  }
}
