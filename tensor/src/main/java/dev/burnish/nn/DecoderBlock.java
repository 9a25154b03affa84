package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.AttentionTensors;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.kernel.Kernels.KeyValues;
import dev.burnish.kernel.Kernels.Prepared;
import dev.burnish.kernel.Output;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One block of a Llama-family decoder: `y = x + attention(norm(x)); y + mlp(norm(y))`, forward and
/// backward written out.
///
/// The forward keeps the values that the backward cannot cheaply recompute: the block's input, the
/// rotated queries, keys and values, the attention's output with its log-sum-exp, the middle of the
/// residual stream, and the gate and up projections. The norms' outputs and the gated product are
/// recomputed. Parameter names are those of Hugging Face below `prefix`.
final class DecoderBlock implements AutoCloseable {
  private static final List<String> QKV =
      List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");
  private static final List<String> OUTPUT = List.of("self_attn.o_proj");
  private static final List<String> GATE_UP = List.of("mlp.gate_proj", "mlp.up_proj");
  private static final List<String> DOWN = List.of("mlp.down_proj");

  private final BlockShape shape;
  private final Kernels kernels;
  private final Parameters parameters;
  private final String prefix;
  private final Tensor norm1_H;
  private final Linear qkv;
  private final @Nullable Tensor queryNorm_D;
  private final @Nullable Tensor keyNorm_D;
  private final Linear output;
  private final Tensor norm2_H;
  private final Linear gateUp;
  private final Linear down;

  /// @param prefix of the parameter names, such as `model.layers.0.`
  /// @param parameters of the [#layout] of prefix and shape
  DecoderBlock(String prefix, BlockShape shape, Parameters parameters) {
    this.prefix = prefix;
    this.shape = shape;
    this.kernels = Kernels.of(parameters.device());
    this.parameters = parameters;
    norm1_H = value("input_layernorm.weight");
    qkv = linear(shape.queryKeyValueBias(), QKV);
    queryNorm_D = shape.queryKeyNorm() ? value("self_attn.q_norm.weight") : null;
    keyNorm_D = shape.queryKeyNorm() ? value("self_attn.k_norm.weight") : null;
    output = linear(shape.outputBias(), OUTPUT).ofDividedInputs();
    norm2_H = value("post_attention_layernorm.weight");
    gateUp = linear(shape.mlpBias(), GATE_UP);
    down = linear(shape.mlpBias(), DOWN).ofDividedInputs();
  }

  private Linear linear(boolean hasBias, List<String> modules) {
    String[] names = names(prefix, modules).toArray(String[]::new);
    return hasBias
        ? Linear.withBias(kernels, parameters, names)
        : Linear.withoutBias(kernels, parameters, names);
  }

  private static List<String> names(String prefix, List<String> modules) {
    return modules.stream().map(prefix::concat).toList();
  }

  /// The modules of each matrix of a block, in the order of [#matrices].
  ///
  /// @param prefix of their names
  static List<List<String>> modules(String prefix) {
    return Stream.of(QKV, OUTPUT, GATE_UP, DOWN).map(modules -> names(prefix, modules)).toList();
  }

  /// The parameters of a block.
  ///
  /// @param prefix of their names, such as `model.layers.0.`
  static FlatLayout layout(String prefix, BlockShape shape) {
    int h = shape.hidden();
    int i = shape.intermediate();
    int q = shape.heads().queryDim();
    int kv = shape.heads().keyValueDim();
    List<ParameterSpec> specs = new ArrayList<>();
    specs.add(new ParameterSpec(prefix + "input_layernorm.weight", h));
    specs.add(new ParameterSpec(prefix + "self_attn.q_proj.weight", q, h));
    specs.add(new ParameterSpec(prefix + "self_attn.k_proj.weight", kv, h));
    specs.add(new ParameterSpec(prefix + "self_attn.v_proj.weight", kv, h));
    if (shape.queryKeyValueBias()) {
      specs.add(new ParameterSpec(prefix + "self_attn.q_proj.bias", q));
      specs.add(new ParameterSpec(prefix + "self_attn.k_proj.bias", kv));
      specs.add(new ParameterSpec(prefix + "self_attn.v_proj.bias", kv));
    }
    if (shape.queryKeyNorm()) {
      specs.add(new ParameterSpec(prefix + "self_attn.q_norm.weight", shape.heads().dim()));
      specs.add(new ParameterSpec(prefix + "self_attn.k_norm.weight", shape.heads().dim()));
    }
    specs.add(new ParameterSpec(prefix + "self_attn.o_proj.weight", h, q));
    if (shape.outputBias()) {
      specs.add(new ParameterSpec(prefix + "self_attn.o_proj.bias", h));
    }
    specs.add(new ParameterSpec(prefix + "post_attention_layernorm.weight", h));
    specs.add(new ParameterSpec(prefix + "mlp.gate_proj.weight", i, h));
    specs.add(new ParameterSpec(prefix + "mlp.up_proj.weight", i, h));
    if (shape.mlpBias()) {
      specs.add(new ParameterSpec(prefix + "mlp.gate_proj.bias", i));
      specs.add(new ParameterSpec(prefix + "mlp.up_proj.bias", i));
    }
    specs.add(new ParameterSpec(prefix + "mlp.down_proj.weight", h, i));
    if (shape.mlpBias()) {
      specs.add(new ParameterSpec(prefix + "mlp.down_proj.bias", h));
    }
    return FlatLayout.of(specs);
  }

  Parameters parameters() {
    return parameters;
  }

  BlockShape shape() {
    return shape;
  }

  // --- adaptation ---

  private List<Linear> linears() {
    return List.of(qkv, output, gateUp, down);
  }

  /// Names of the matrices' modules.
  List<String> modules() {
    return linears().stream().flatMap(linear -> linear.modules().stream()).toList();
  }

  /// The parameters that adapt the matrices that a configuration names.
  FlatLayout adapterLayout(LoraConfig config) {
    return FlatLayout.of(
        linears().stream().flatMap(linear -> linear.adapterSpecs(config).stream()).toList());
  }

  /// Adapts the matrices that a configuration names: the adapter is trained instead of the block's
  /// own parameters.
  ///
  /// @param adapter of the [#adapterLayout]
  void adapt(LoraConfig config, Parameters adapter) {
    linears().forEach(linear -> linear.adapt(config, adapter));
  }

  /// Sets the parameters of the adapter to those that training begins with: no change.
  void initializeAdapter(long seed) {
    linears().forEach(linear -> linear.initializeAdapter(seed));
  }

  /// Adds what another block's adaptation changes to the matrices of this one.
  void merge(DecoderBlock adapted) {
    for (int i = 0; i < linears().size(); i++) {
      linears().get(i).merge(adapted.linears().get(i));
    }
  }

  /// The block without its adaptation, over the same parameters, which stay this one's.
  DecoderBlock base() {
    return new DecoderBlock(prefix, shape, parameters);
  }

  // --- training ---

  /// Writes the block's output to `out_TH` (not `x_TH`) and returns the input of [#backward],
  /// including `x_TH`, which the caller keeps open until then.
  SavedActivations forward(Tensor x_TH, PassContext context, Tensor out_TH) {
    SavedActivations saved = new SavedActivations(shape, x_TH);
    try (TensorScope _ = TensorScope.open()) {
      attentionAndGates(saved, context);
      addDown(saved, context, out_TH);
    }
    return saved;
  }

  /// Recomputes the activations that [#forward] returns, without the block's output, for a backward
  /// whose forward kept nothing.
  SavedActivations recompute(Tensor x_TH, PassContext context) {
    SavedActivations saved = new SavedActivations(shape, x_TH);
    try (TensorScope _ = TensorScope.open()) {
      attentionAndGates(saved, context);
    }
    return saved;
  }

  /// All that the backward reads. Its memory was allocated outside the scope of temporaries, which
  /// it outlives.
  private void attentionAndGates(SavedActivations saved, PassContext context) {
    Tensor normed_TH = f32(saved.x_TH.device(), saved.x_TH.shape());
    kernels.rmsNorm(saved.x_TH, norm1_H, shape.eps(), normed_TH, saved.rstd1_T);
    qkv.forward(normed_TH, saved.qkv_TC, context);
    normAndRotate(saved.qkv_TC, context, Optional.of(saved));
    attend(saved, context);
    saved.middle_TH.copy_(saved.x_TH);
    output.addForward(saved.attended_TC, saved.middle_TH, context);
    kernels.rmsNorm(saved.middle_TH, norm2_H, shape.eps(), normed_TH, saved.rstd2_T);
    gateUp.forward(normed_TH, saved.gateUp_T2I, context);
  }

  private void attend(SavedActivations saved, PassContext context) {
    kernels.attention(
        context.plan(shape.window()),
        shape.heads(),
        queries(saved.qkv_TC),
        keys(saved.qkv_TC),
        values(saved.qkv_TC),
        saved.attended_TC,
        saved.logsumexp_TQ);
  }

  private void addDown(SavedActivations saved, PassContext context, Tensor out_TH) {
    Tensor gated_TI = f32(out_TH.device(), out_TH.size(0), shape.intermediate());
    kernels.swiGlu(saved.gateUp_T2I, gated_TI);
    out_TH.copy_(saved.middle_TH);
    down.addForward(gated_TI, out_TH, context);
  }

  /// Turns the gradient of the output in `d_TH` into that of the input, in place, and adds to the
  /// gradients of the parameters. `saved` is consumed: its tensors are overwritten, and freed as
  /// soon as they are not needed.
  void backward(SavedActivations saved, PassContext context, Tensor d_TH) {
    try (saved) {
      mlpBackward(saved, context, d_TH);
      attentionBackward(saved, context, d_TH);
    }
  }

  private void attentionBackward(SavedActivations saved, PassContext context, Tensor d_TH) {
    try (TensorScope _ = TensorScope.open()) {
      Device device = d_TH.device();
      long tokens = d_TH.size(0);
      Tensor dAttended_TC = f32(device, tokens, shape.heads().queryDim());
      output.backwardInput(d_TH, dAttended_TC, context.dropout());
      output.backwardWeight(d_TH, saved.attended_TC, context.dropout());
      Tensor dQkv_TC = Tensor.zeros(DType.F32, device, tokens, shape.columns());
      kernels.attentionBackward(
          context.plan(shape.window()),
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
      normAndRotateBackward(dQkv_TC, context, saved);
      dAttended_TC.close();
      Tensor normed_TH = f32(device, d_TH.shape());
      normAgain(saved.x_TH, norm1_H, normed_TH);
      qkv.backwardWeight(dQkv_TC, normed_TH, context.dropout());
      qkv.backwardInput(dQkv_TC, normed_TH, context.dropout());
      kernels.rmsNormBackward(
          normed_TH,
          saved.x_TH,
          norm1_H,
          saved.rstd1_T,
          d_TH,
          Output.ADD,
          gradient("input_layernorm.weight"));
    }
  }

  private void mlpBackward(SavedActivations saved, PassContext context, Tensor d_TH) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor gated_TI = f32(d_TH.device(), d_TH.size(0), shape.intermediate());
      down.backwardInput(d_TH, gated_TI, context.dropout());
      kernels.swiGluBackward(gated_TI, saved.gateUp_T2I);
      down.backwardWeight(d_TH, gated_TI, context.dropout());
      gated_TI.close();
      Tensor dGateUp_T2I = saved.gateUp_T2I;
      Tensor normed_TH = f32(d_TH.device(), d_TH.shape());
      normAgain(saved.middle_TH, norm2_H, normed_TH);
      gateUp.backwardWeight(dGateUp_T2I, normed_TH, context.dropout());
      gateUp.backwardInput(dGateUp_T2I, normed_TH, context.dropout());
      kernels.rmsNormBackward(
          normed_TH,
          saved.middle_TH,
          norm2_H,
          saved.rstd2_T,
          d_TH,
          Output.ADD,
          gradient("post_attention_layernorm.weight"));
    }
  }

  private void normAgain(Tensor x_TH, Tensor weight_H, Tensor out_TH) {
    kernels.rmsNorm(x_TH, weight_H, shape.eps(), out_TH, f32(x_TH.device(), x_TH.size(0)));
  }

  /// Normalises (where the architecture does) and rotates the queries and keys in `qkv_TC`.
  ///
  /// @param saved takes the inputs of the norms' backward, if there will be one
  private void normAndRotate(Tensor qkv_TC, PassContext context, Optional<SavedActivations> saved) {
    Heads heads = shape.heads();
    if (queryNorm_D != null && keyNorm_D != null) {
      long queryRuns = qkv_TC.size(0) * heads.query();
      long keyRuns = qkv_TC.size(0) * heads.keyValue();
      Tensor rstd =
          saved
              .map(kept -> kept.keepRaw(qkv_TC))
              .orElseGet(() -> f32(qkv_TC.device(), queryRuns + keyRuns));
      Tensor q = queries(qkv_TC);
      Tensor k = keys(qkv_TC);
      kernels.rmsNorm(q, queryNorm_D, shape.eps(), q, rstd.narrow(0, 0, queryRuns));
      kernels.rmsNorm(k, keyNorm_D, shape.eps(), k, rstd.narrow(0, queryRuns, keyRuns));
    }
    if (shape.rope()) {
      kernels.rope(queries(qkv_TC), context.rope(), context.positions());
      kernels.rope(keys(qkv_TC), context.rope(), context.positions());
    }
  }

  private void normAndRotateBackward(Tensor dQkv_TC, PassContext context, SavedActivations saved) {
    Heads heads = shape.heads();
    Tensor dq = queries(dQkv_TC);
    Tensor dk = keys(dQkv_TC);
    if (shape.rope()) {
      kernels.ropeBackward(dq, context.rope(), context.positions());
      kernels.ropeBackward(dk, context.rope(), context.positions());
    }
    if (queryNorm_D != null && keyNorm_D != null) {
      long queryRuns = dQkv_TC.size(0) * heads.query();
      long keyRuns = dQkv_TC.size(0) * heads.keyValue();
      Tensor raw_TC = saved.rawQueryKey();
      Tensor rstd = saved.headRstd();
      kernels.rmsNormBackward(
          dq,
          raw_TC.narrow(1, 0, heads.queryDim()),
          queryNorm_D,
          rstd.narrow(0, 0, queryRuns),
          dq,
          Output.OVERWRITE,
          gradient("self_attn.q_norm.weight"));
      kernels.rmsNormBackward(
          dk,
          raw_TC.narrow(1, heads.queryDim(), heads.keyValueDim()),
          keyNorm_D,
          rstd.narrow(0, queryRuns, keyRuns),
          dk,
          Output.OVERWRITE,
          gradient("self_attn.k_norm.weight"));
    }
  }

  // --- generation ---

  /// The matrices of the linear layers, as [#infer] wants them prepared.
  List<Tensor> matrices() {
    return linears().stream().map(Linear::matrix).toList();
  }

  /// The same in other values of the part, as views.
  List<Tensor> matrices(Tensor values) {
    return linears().stream().map(linear -> linear.matrix(values)).toList();
  }

  /// Runs the block in place on the new tokens in `x_TH`, whose keys and values go to `slots` of
  /// the cache; the plan's key rows are cache slots.
  void infer(Tensor x_TH, PassContext context, Prepared matrices, KeyValues cache, Tensor slots_T) {
    try (TensorScope _ = TensorScope.open()) {
      Device device = x_TH.device();
      long tokens = x_TH.size(0);
      Tensor rstd_T = f32(device, tokens);
      Tensor normed_TH = f32(device, x_TH.shape());
      kernels.rmsNorm(x_TH, norm1_H, shape.eps(), normed_TH, rstd_T);
      Tensor qkv_TC = f32(device, tokens, shape.columns());
      qkv.infer(matrices.get(0), normed_TH, qkv_TC, Output.OVERWRITE);
      normAndRotate(qkv_TC, context, Optional.empty());
      cache.write(slots_T, keys(qkv_TC), values(qkv_TC));
      Tensor attended_TC = f32(device, tokens, shape.heads().queryDim());
      kernels.invariantAttention(
          context.plan(shape.window()), shape.heads(), queries(qkv_TC), cache, attended_TC);
      output.infer(matrices.get(1), attended_TC, x_TH, Output.ADD);
      kernels.rmsNorm(x_TH, norm2_H, shape.eps(), normed_TH, rstd_T);
      Tensor gateUp_T2I = f32(device, tokens, 2L * shape.intermediate());
      gateUp.infer(matrices.get(2), normed_TH, gateUp_T2I, Output.OVERWRITE);
      Tensor gated_TI = f32(device, tokens, shape.intermediate());
      kernels.swiGlu(gateUp_T2I, gated_TI);
      down.infer(matrices.get(3), gated_TI, x_TH, Output.ADD);
    }
  }

  private Tensor value(String name) {
    return parameters.value(prefix + name);
  }

  private Tensor gradient(String name) {
    return parameters.gradients().of(prefix + name);
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
