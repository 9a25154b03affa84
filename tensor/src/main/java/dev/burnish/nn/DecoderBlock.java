package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.AttentionTensors;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.kernel.RopeTable;
import dev.burnish.nn.Parameters.Spec;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One block of a Llama-family decoder: `y = x + attention(norm(x)); y + mlp(norm(y))`, forward and
/// backward written out.
///
/// The forward keeps what the backward cannot cheaply make again: the block's input, the rotated
/// queries, keys and values, the attention's output with its log-sum-exp, the middle of the
/// residual stream, and the gate and up projections. The norms' outputs and the gated product are
/// made again. Parameter names are those of Hugging Face below `prefix`.
public final class DecoderBlock implements AutoCloseable {
  /// What a forward keeps for its backward. Closing frees it, the block's input excepted, which
  /// belongs to the caller.
  public static final class Saved implements AutoCloseable {
    private final Tensor x_TH;
    private final Tensor rstd1_T;
    private final @Nullable Tensor rawQueryKey_TC;
    private final @Nullable Tensor headRstd;
    private final Tensor qkv_TC;
    private final Tensor attended_TC;
    private final Tensor logsumexp_TQ;
    private final Tensor middle_TH;
    private final Tensor rstd2_T;
    private final Tensor gateUp_T2I;

    private Saved(BlockShape shape, Tensor x_TH) {
      Heads heads = shape.heads();
      int tokens = Math.toIntExact(x_TH.size(0));
      Device device = x_TH.device();
      this.x_TH = x_TH;
      rstd1_T = f32(device, tokens);
      boolean norm = shape.queryKeyNorm();
      rawQueryKey_TC = norm ? f32(device, tokens, heads.queryDim() + heads.keyValueDim()) : null;
      headRstd = norm ? f32(device, (long) tokens * (heads.query() + heads.keyValue())) : null;
      qkv_TC = f32(device, tokens, shape.columns());
      attended_TC = f32(device, tokens, heads.queryDim());
      logsumexp_TQ = f32(device, tokens, heads.query());
      middle_TH = f32(device, tokens, shape.hidden());
      rstd2_T = f32(device, tokens);
      gateUp_T2I = f32(device, tokens, 2L * shape.intermediate());
    }

    /// All that it owns, always in the same order.
    List<Tensor> tensors() {
      List<Tensor> tensors = new ArrayList<>();
      for (Tensor tensor :
          new @Nullable Tensor[] {
            rstd1_T,
            rawQueryKey_TC,
            headRstd,
            qkv_TC,
            attended_TC,
            logsumexp_TQ,
            middle_TH,
            rstd2_T,
            gateUp_T2I
          }) {
        if (tensor != null) {
          tensors.add(tensor);
        }
      }
      return tensors;
    }

    @Override
    public void close() {
      tensors().forEach(Tensor::close);
    }
  }

  /// Bytes that [Saved] takes for each token.
  public static long savedBytesPerToken(BlockShape shape) {
    Heads heads = shape.heads();
    long floats =
        2
            + shape.columns()
            + heads.queryDim()
            + heads.query()
            + shape.hidden()
            + 2L * shape.intermediate();
    long raw =
        shape.queryKeyNorm()
            ? heads.queryDim() + heads.keyValueDim() + heads.query() + heads.keyValue()
            : 0;
    return 4 * (floats + raw);
  }

  private final BlockShape shape;
  private final Kernels kernels;
  private final Parameters parameters;
  private final String prefix;
  private final Tensor norm1_H;
  private final Tensor qkv_CH;
  private final @Nullable Tensor qkvBias_C;
  private final @Nullable Tensor queryNorm_D;
  private final @Nullable Tensor keyNorm_D;
  private final Tensor output_HC;
  private final @Nullable Tensor outputBias_H;
  private final Tensor norm2_H;
  private final Tensor gateUp_2IH;
  private final @Nullable Tensor gateUpBias_2I;
  private final Tensor down_HI;
  private final @Nullable Tensor downBias_H;

  /// @param prefix of the parameter names, such as `model.layers.0.`
  public DecoderBlock(String prefix, BlockShape shape, Device device) {
    this.prefix = prefix;
    this.shape = shape;
    this.kernels = Kernels.of(device);
    this.parameters = new Parameters(device, specs(prefix, shape));
    int h = shape.hidden();
    int i = shape.intermediate();
    norm1_H = value("input_layernorm.weight");
    qkv_CH = parameters.fused(prefix + "self_attn.q_proj.weight", shape.columns(), h);
    qkvBias_C =
        shape.queryKeyValueBias()
            ? parameters.fused(prefix + "self_attn.q_proj.bias", shape.columns())
            : null;
    queryNorm_D = shape.queryKeyNorm() ? value("self_attn.q_norm.weight") : null;
    keyNorm_D = shape.queryKeyNorm() ? value("self_attn.k_norm.weight") : null;
    output_HC = value("self_attn.o_proj.weight");
    outputBias_H = shape.outputBias() ? value("self_attn.o_proj.bias") : null;
    norm2_H = value("post_attention_layernorm.weight");
    gateUp_2IH = parameters.fused(prefix + "mlp.gate_proj.weight", 2L * i, h);
    gateUpBias_2I =
        shape.mlpBias() ? parameters.fused(prefix + "mlp.gate_proj.bias", 2L * i) : null;
    down_HI = value("mlp.down_proj.weight");
    downBias_H = shape.mlpBias() ? value("mlp.down_proj.bias") : null;
  }

  private static List<Spec> specs(String prefix, BlockShape shape) {
    int h = shape.hidden();
    int i = shape.intermediate();
    int q = shape.heads().queryDim();
    int kv = shape.heads().keyValueDim();
    List<Spec> specs = new ArrayList<>();
    specs.add(new Spec(prefix + "input_layernorm.weight", h));
    specs.add(new Spec(prefix + "self_attn.q_proj.weight", q, h));
    specs.add(new Spec(prefix + "self_attn.k_proj.weight", kv, h));
    specs.add(new Spec(prefix + "self_attn.v_proj.weight", kv, h));
    if (shape.queryKeyValueBias()) {
      specs.add(new Spec(prefix + "self_attn.q_proj.bias", q));
      specs.add(new Spec(prefix + "self_attn.k_proj.bias", kv));
      specs.add(new Spec(prefix + "self_attn.v_proj.bias", kv));
    }
    if (shape.queryKeyNorm()) {
      specs.add(new Spec(prefix + "self_attn.q_norm.weight", shape.heads().dim()));
      specs.add(new Spec(prefix + "self_attn.k_norm.weight", shape.heads().dim()));
    }
    specs.add(new Spec(prefix + "self_attn.o_proj.weight", h, q));
    if (shape.outputBias()) {
      specs.add(new Spec(prefix + "self_attn.o_proj.bias", h));
    }
    specs.add(new Spec(prefix + "post_attention_layernorm.weight", h));
    specs.add(new Spec(prefix + "mlp.gate_proj.weight", i, h));
    specs.add(new Spec(prefix + "mlp.up_proj.weight", i, h));
    if (shape.mlpBias()) {
      specs.add(new Spec(prefix + "mlp.gate_proj.bias", i));
      specs.add(new Spec(prefix + "mlp.up_proj.bias", i));
    }
    specs.add(new Spec(prefix + "mlp.down_proj.weight", h, i));
    if (shape.mlpBias()) {
      specs.add(new Spec(prefix + "mlp.down_proj.bias", h));
    }
    return specs;
  }

  public Parameters parameters() {
    return parameters;
  }

  public BlockShape shape() {
    return shape;
  }

  // --- training ---

  /// Writes the block's output to `out_TH` (not `x_TH`) and returns what [#backward] needs, `x_TH`
  /// included, which the caller keeps open until then.
  public Saved forward(Tensor x_TH, Layout layout, Tensor out_TH) {
    Saved saved = forwardAgain(x_TH, layout);
    try (TensorScope _ = TensorScope.open()) {
      Tensor gated_TI = f32(x_TH.device(), x_TH.size(0), shape.intermediate());
      kernels.swiGlu(saved.gateUp_T2I, gated_TI);
      out_TH.copy_(saved.middle_TH);
      kernels.linear(gated_TI, down_HI, downBias_H, out_TH, true);
    }
    return saved;
  }

  /// What [#forward] returns, without the block's output: for a backward whose forward kept
  /// nothing.
  public Saved forwardAgain(Tensor x_TH, Layout layout) {
    Heads heads = shape.heads();
    // Saved outlives the scope of temporaries: it is made outside of it, and freed by its own
    // close.
    Saved saved = new Saved(shape, x_TH);
    try (TensorScope _ = TensorScope.open()) {
      Tensor normed_TH = f32(x_TH.device(), x_TH.shape());
      kernels.rmsNorm(x_TH, norm1_H, shape.eps(), normed_TH, saved.rstd1_T);
      kernels.linear(normed_TH, qkv_CH, qkvBias_C, saved.qkv_TC, false);
      position(saved.qkv_TC, layout.rope(), layout.positions(), saved);
      kernels.attention(
          layout.plan(shape.window()),
          heads,
          queries(saved.qkv_TC),
          keys(saved.qkv_TC),
          values(saved.qkv_TC),
          saved.attended_TC,
          saved.logsumexp_TQ);
      saved.middle_TH.copy_(x_TH);
      kernels.linear(saved.attended_TC, output_HC, outputBias_H, saved.middle_TH, true);
      kernels.rmsNorm(saved.middle_TH, norm2_H, shape.eps(), normed_TH, saved.rstd2_T);
      kernels.linear(normed_TH, gateUp_2IH, gateUpBias_2I, saved.gateUp_T2I, false);
    }
    return saved;
  }

  /// Room for what [#forward] returns, its contents undefined.
  Saved room(Tensor x_TH) {
    return new Saved(shape, x_TH);
  }

  /// Turns the gradient of the output in `d_TH` into that of the input, in place, and adds to the
  /// gradients of the parameters. `saved` is used up: what it holds is overwritten, and freed as
  /// soon as it is not needed.
  public void backward(Saved saved, Layout layout, Tensor d_TH) {
    try (saved) {
      mlpBackward(saved, d_TH);
      saved.gateUp_T2I.close();
      saved.middle_TH.close();
      attentionBackward(saved, layout, d_TH);
    }
  }

  private void attentionBackward(Saved saved, Layout layout, Tensor d_TH) {
    try (TensorScope _ = TensorScope.open()) {
      Device device = d_TH.device();
      long tokens = d_TH.size(0);
      Tensor dAttended_TC = f32(device, tokens, shape.heads().queryDim());
      kernels.linearBackwardInput(d_TH, output_HC, dAttended_TC, false);
      kernels.linearBackwardWeight(d_TH, saved.attended_TC, gradient("self_attn.o_proj.weight"));
      if (outputBias_H != null) {
        kernels.biasBackward(d_TH, gradient("self_attn.o_proj.bias"));
      }
      Tensor dQkv_TC = Tensor.zeros(DType.F32, device, tokens, shape.columns());
      kernels.attentionBackward(
          layout.plan(shape.window()),
          shape.heads(),
          new AttentionTensors(
              queries(saved.qkv_TC),
              keys(saved.qkv_TC),
              values(saved.qkv_TC),
              saved.attended_TC,
              saved.logsumexp_TQ),
          dAttended_TC,
          queries(dQkv_TC),
          keys(dQkv_TC),
          values(dQkv_TC));
      positionBackward(dQkv_TC, layout, saved);
      dAttended_TC.close();
      saved.qkv_TC.close();
      saved.attended_TC.close();
      Tensor normed_TH = f32(device, d_TH.shape());
      normAgain(saved.x_TH, norm1_H, normed_TH);
      kernels.linearBackwardWeight(
          dQkv_TC, normed_TH, gradient("self_attn.q_proj.weight", shape.columns(), shape.hidden()));
      if (qkvBias_C != null) {
        kernels.biasBackward(dQkv_TC, gradient("self_attn.q_proj.bias", shape.columns()));
      }
      kernels.linearBackwardInput(dQkv_TC, qkv_CH, normed_TH, false);
      kernels.rmsNormBackward(
          normed_TH,
          saved.x_TH,
          norm1_H,
          saved.rstd1_T,
          d_TH,
          true,
          gradient("input_layernorm.weight"));
    }
  }

  private void mlpBackward(Saved saved, Tensor d_TH) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor gated_TI = f32(d_TH.device(), d_TH.size(0), shape.intermediate());
      kernels.linearBackwardInput(d_TH, down_HI, gated_TI, false);
      kernels.swiGluBackward(gated_TI, saved.gateUp_T2I);
      kernels.linearBackwardWeight(d_TH, gated_TI, gradient("mlp.down_proj.weight"));
      if (downBias_H != null) {
        kernels.biasBackward(d_TH, gradient("mlp.down_proj.bias"));
      }
      gated_TI.close();
      Tensor dGateUp_T2I = saved.gateUp_T2I;
      Tensor normed_TH = f32(d_TH.device(), d_TH.shape());
      normAgain(saved.middle_TH, norm2_H, normed_TH);
      kernels.linearBackwardWeight(
          dGateUp_T2I,
          normed_TH,
          gradient("mlp.gate_proj.weight", 2L * shape.intermediate(), shape.hidden()));
      if (gateUpBias_2I != null) {
        kernels.biasBackward(
            dGateUp_T2I, gradient("mlp.gate_proj.bias", 2L * shape.intermediate()));
      }
      kernels.linearBackwardInput(dGateUp_T2I, gateUp_2IH, normed_TH, false);
      kernels.rmsNormBackward(
          normed_TH,
          saved.middle_TH,
          norm2_H,
          saved.rstd2_T,
          d_TH,
          true,
          gradient("post_attention_layernorm.weight"));
    }
  }

  private void normAgain(Tensor x_TH, Tensor weight_H, Tensor out_TH) {
    kernels.rmsNorm(x_TH, weight_H, shape.eps(), out_TH, f32(x_TH.device(), x_TH.size(0)));
  }

  /// Normalises (where the architecture does) and rotates the queries and keys in `qkv_TC`.
  private void position(
      Tensor qkv_TC, @Nullable RopeTable rope, int[] positions, @Nullable Saved saved) {
    Heads heads = shape.heads();
    long queryRuns = qkv_TC.size(0) * heads.query();
    long keyRuns = qkv_TC.size(0) * heads.keyValue();
    if (queryNorm_D != null && keyNorm_D != null) {
      if (saved != null && saved.rawQueryKey_TC != null) {
        saved.rawQueryKey_TC.copy_(
            qkv_TC.narrow(1, 0, (long) heads.queryDim() + heads.keyValueDim()));
      }
      Tensor rstd =
          saved != null && saved.headRstd != null
              ? saved.headRstd
              : f32(qkv_TC.device(), queryRuns + keyRuns);
      Tensor q = queries(qkv_TC);
      Tensor k = keys(qkv_TC);
      kernels.rmsNorm(q, queryNorm_D, shape.eps(), q, rstd.narrow(0, 0, queryRuns));
      kernels.rmsNorm(k, keyNorm_D, shape.eps(), k, rstd.narrow(0, queryRuns, keyRuns));
    }
    if (shape.rope() && rope != null) {
      kernels.rope(queries(qkv_TC), rope, positions, false);
      kernels.rope(keys(qkv_TC), rope, positions, false);
    }
  }

  private void positionBackward(Tensor dQkv_TC, Layout layout, Saved saved) {
    Heads heads = shape.heads();
    Tensor dq = queries(dQkv_TC);
    Tensor dk = keys(dQkv_TC);
    if (shape.rope()) {
      kernels.rope(dq, layout.rope(), layout.positions(), true);
      kernels.rope(dk, layout.rope(), layout.positions(), true);
    }
    if (queryNorm_D != null
        && keyNorm_D != null
        && saved.rawQueryKey_TC != null
        && saved.headRstd != null) {
      long queryRuns = dQkv_TC.size(0) * heads.query();
      long keyRuns = dQkv_TC.size(0) * heads.keyValue();
      kernels.rmsNormBackward(
          dq,
          saved.rawQueryKey_TC.narrow(1, 0, heads.queryDim()),
          queryNorm_D,
          saved.headRstd.narrow(0, 0, queryRuns),
          dq,
          false,
          gradient("self_attn.q_norm.weight"));
      kernels.rmsNormBackward(
          dk,
          saved.rawQueryKey_TC.narrow(1, heads.queryDim(), heads.keyValueDim()),
          keyNorm_D,
          saved.headRstd.narrow(0, queryRuns, keyRuns),
          dk,
          false,
          gradient("self_attn.k_norm.weight"));
    }
  }

  // --- generation ---

  /// Runs the block in place on the new tokens in `x_TH`, whose keys and values go to `slots` of
  /// the cache; the plan's key rows are cache slots.
  public void infer(
      Tensor x_TH, Layout layout, Tensor keyCache, Tensor valueCache, Tensor slots_T) {
    try (TensorScope _ = TensorScope.open()) {
      Device device = x_TH.device();
      long tokens = x_TH.size(0);
      Tensor rstd_T = f32(device, tokens);
      Tensor normed_TH = f32(device, x_TH.shape());
      kernels.rmsNorm(x_TH, norm1_H, shape.eps(), normed_TH, rstd_T);
      Tensor qkv_TC = f32(device, tokens, shape.columns());
      kernels.linear(normed_TH, qkv_CH, qkvBias_C, qkv_TC, false);
      position(qkv_TC, layout.rope(), layout.positions(), null);
      keyCache.indexCopy_(0, slots_T, keys(qkv_TC));
      valueCache.indexCopy_(0, slots_T, values(qkv_TC));
      Tensor attended_TC = f32(device, tokens, shape.heads().queryDim());
      kernels.attention(
          layout.plan(shape.window()),
          shape.heads(),
          queries(qkv_TC),
          keyCache,
          valueCache,
          attended_TC,
          f32(device, tokens, shape.heads().query()));
      kernels.linear(attended_TC, output_HC, outputBias_H, x_TH, true);
      kernels.rmsNorm(x_TH, norm2_H, shape.eps(), normed_TH, rstd_T);
      Tensor gateUp_T2I = f32(device, tokens, 2L * shape.intermediate());
      kernels.linear(normed_TH, gateUp_2IH, gateUpBias_2I, gateUp_T2I, false);
      Tensor gated_TI = f32(device, tokens, shape.intermediate());
      kernels.swiGlu(gateUp_T2I, gated_TI);
      kernels.linear(gated_TI, down_HI, downBias_H, x_TH, true);
    }
  }

  private Tensor value(String name) {
    return parameters.value(prefix + name);
  }

  private Tensor gradient(String name, long... fusedShape) {
    return parameters.gradient(prefix + name, fusedShape);
  }

  private Tensor queries(Tensor qkv_TC) {
    return qkv_TC.narrow(1, 0, shape.heads().queryDim());
  }

  private Tensor keys(Tensor qkv_TC) {
    return qkv_TC.narrow(1, shape.heads().queryDim(), shape.heads().keyValueDim());
  }

  private Tensor values(Tensor qkv_TC) {
    return qkv_TC.narrow(
        1,
        (long) shape.heads().queryDim() + shape.heads().keyValueDim(),
        shape.heads().keyValueDim());
  }

  private static Tensor f32(Device device, long... shape) {
    return Tensor.empty(DType.F32, device, shape);
  }

  @Override
  public void close() {
    parameters.close();
  }
}
