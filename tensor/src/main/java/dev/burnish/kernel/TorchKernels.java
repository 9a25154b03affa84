package dev.burnish.kernel;

import dev.burnish.kernel.AttentionPlan.Node;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Every operation written with libtorch, for any device and as the reference of the CPU kernels.
/// Gradients that have no short closed form come from libtorch's autograd over the same expression.
final class TorchKernels implements Kernels {
  private final Device device;

  /// @param device of the memory that they allocate
  TorchKernels(Device device) {
    this.device = device;
  }

  @Override
  public void linear(
      Tensor x_TK,
      Tensor w_NK,
      @Nullable Tensor bias_N,
      Tensor out_TN,
      Output output,
      Numerics numerics) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor y = x_TK.matmul(w_NK.transpose(0, 1));
      write(bias_N == null ? y : y.add(bias_N), out_TN, output);
    }
  }

  private static void write(Tensor value, Tensor out, Output output) {
    if (output == Output.ADD) {
      out.add_(value);
    } else {
      out.copy_(value);
    }
  }

  @Override
  public Prepared prepare(List<PackedLayout.Shape> weights, WeightFormat format) {
    return new PlainWeights(weights, format);
  }

  @Override
  public Prepared prepared(PackedLayout layout, Tensor memory) {
    throw new IllegalArgumentException(
        "packed weights are for the CPU: memory=" + memory + "; prepare them on this device");
  }

  @Override
  public void linear(
      Tensor x_TK,
      PreparedWeight w_NK,
      @Nullable Tensor bias_N,
      Tensor out_TN,
      Output output,
      Numerics numerics) {
    switch (w_NK) {
      case PlainWeights.Plain plain ->
          linear(x_TK, plain.weight(), bias_N, out_TN, output, numerics);
      case PackedWeights.Packed _ ->
          throw new IllegalArgumentException(
              "a weight is used by the kernels that prepared it: weight is packed for the CPU");
    }
  }

  @Override
  public void linearBackwardInput(Tensor dy_TN, Tensor w_NK, Tensor dx_TK, Output output) {
    try (TensorScope _ = TensorScope.open()) {
      write(dy_TN.matmul(w_NK), dx_TK, output);
    }
  }

  @Override
  public void linearBackwardWeight(Tensor dy_TN, Tensor x_TK, Tensor dw_NK, Output output) {
    try (TensorScope _ = TensorScope.open()) {
      write(dy_TN.transpose(0, 1).matmul(x_TK), dw_NK, output);
    }
  }

  @Override
  public void biasBackward(Tensor dy_TN, Tensor db_N) {
    try (TensorScope _ = TensorScope.open()) {
      db_N.add_(dy_TN.sum(0, false));
    }
  }

  @Override
  public void rmsNorm(Tensor x_TC, Tensor w_H, double eps, Tensor out_TC, Tensor rstd) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = runs(x_TC, w_H);
      Tensor scale = x.square().mean(-1, true).add(eps).rsqrt();
      rstd.reshape(-1).narrow(0, 0, scale.numElements()).copy_(scale.reshape(-1));
      out_TC.copy_(x.mul(scale).mul(w_H).reshape(x_TC.shape()));
    }
  }

  private static Tensor runs(Tensor x_TC, Tensor w_H) {
    return x_TC.reshape(-1, w_H.size(0));
  }

  @Override
  public void rmsNormBackward(
      Tensor dy_TC,
      Tensor x_TC,
      Tensor w_H,
      Tensor rstd,
      Tensor dx_TC,
      Output output,
      Tensor dw_H) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor dy = runs(dy_TC, w_H);
      Tensor x = runs(x_TC, w_H);
      Tensor scale = rstd.reshape(-1).narrow(0, 0, x.size(0)).unsqueeze(1);
      Tensor normalised = x.mul(scale);
      dw_H.add_(dy.mul(normalised).sum(0, false));
      Tensor g = dy.mul(w_H);
      Tensor dx = g.sub(normalised.mul(g.mul(normalised).mean(-1, true))).mul(scale);
      write(dx.reshape(x_TC.shape()), dx_TC, output);
    }
  }

  @Override
  public void rope(Tensor x_TC, RopeTable table, int[] positions) {
    try (TensorScope _ = TensorScope.open()) {
      rotate(x_TC, table, positions, sines(x_TC, table, positions));
    }
  }

  @Override
  public void ropeBackward(Tensor dx_TC, RopeTable table, int[] positions) {
    try (TensorScope _ = TensorScope.open()) {
      rotate(dx_TC, table, positions, sines(dx_TC, table, positions).neg());
    }
  }

  private static Tensor sines(Tensor x_TC, RopeTable table, int[] positions) {
    return angles(table.sin(), table.headDim() / 2, positions, x_TC.size(0), x_TC.device());
  }

  private static void rotate(Tensor x_TC, RopeTable table, int[] positions, Tensor sin) {
    long rows = x_TC.size(0);
    int half = table.headDim() / 2;
    Tensor cos = angles(table.cos(), half, positions, rows, x_TC.device());
    Tensor x = x_TC.reshape(rows, -1, 2L * half);
    Tensor a = x.narrow(2, 0, half);
    Tensor b = x.narrow(2, half, half);
    Tensor rotated = Tensor.cat(2, a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin)));
    x_TC.copy_(rotated.reshape(x_TC.shape()));
  }

  private static Tensor angles(float[] table, int half, int[] positions, long rows, Device device) {
    int[] used = Arrays.copyOf(positions, Math.toIntExact(rows));
    return Tensor.of(table, table.length / half, half)
        .indexSelect(0, Tensor.of(used, rows))
        .to(device)
        .unsqueeze(1);
  }

  @Override
  public void swiGlu(Tensor gateUp_T2I, Tensor out_TI) {
    try (TensorScope _ = TensorScope.open()) {
      out_TI.copy_(swiGlu(gateUp_T2I));
    }
  }

  private static Tensor swiGlu(Tensor gateUp_T2I) {
    long width = gateUp_T2I.size(1) / 2;
    return gateUp_T2I.narrow(1, 0, width).silu().mul(gateUp_T2I.narrow(1, width, width));
  }

  @Override
  public void swiGluBackward(Tensor da_TI, Tensor gateUp_T2I) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor leaf = gateUp_T2I.copy().requiresGrad();
      Tensor a = swiGlu(leaf);
      a.mul(da_TI).sum().backward();
      gateUp_T2I.copy_(leaf.grad());
      da_TI.copy_(a.detach());
    }
  }

  @Override
  public void attention(
      AttentionPlan plan, Heads heads, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp) {
    for (Node node : plan.nodes()) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor queries = q.narrow(0, node.queryStart(), node.queries());
        Tensor scores = scores(plan, node, heads, queries, keys(node, k));
        out.narrow(0, node.queryStart(), node.queries())
            .copy_(mix(heads, scores, keys(node, v), node.queries()));
        logsumexp
            .narrow(0, node.queryStart(), node.queries())
            .copy_(scores.logsumexp(-1).transpose(0, 1));
      }
    }
  }

  @Override
  public void invariantAttention(
      AttentionPlan plan, Heads heads, Tensor q, KeyValues keyValues, Tensor out) {
    RowKeyValues rows =
        switch (keyValues) {
          case RowKeyValues ofThis -> ofThis;
          case PanelKeyValues _ ->
              throw new IllegalArgumentException(
                  "keys and values must be laid out by the same kernels; these are for the CPU");
        };
    try (Tensor logsumexp = Tensor.empty(DType.F32, q.device(), q.size(0), heads.query())) {
      attention(plan, heads, q, rows.keys(), rows.values(), out, logsumexp);
    }
  }

  @Override
  public KeyValues keyValues(Heads heads, int numSlots) {
    return RowKeyValues.allocate(heads, numSlots, device);
  }

  private static Tensor keys(Node node, Tensor rows) {
    return Tensor.cat(
        0,
        IntStream.range(0, node.spanStarts().length)
            .mapToObj(s -> rows.narrow(0, node.spanStarts()[s], node.spanLengths()[s]))
            .toArray(Tensor[]::new));
  }

  /// Scaled and masked scores, `[query heads, queries, keys]`.
  private static Tensor scores(
      AttentionPlan plan, Node node, Heads heads, Tensor queries, Tensor keys) {
    Tensor q = queries.reshape(node.queries(), heads.query(), heads.dim()).transpose(0, 1);
    Tensor k = perQueryHead(heads, keys);
    Tensor scores = q.matmul(k.transpose(1, 2)).mul(heads.scale());
    return scores.maskedFill(hidden(plan, node, queries.device()), Double.NEGATIVE_INFINITY);
  }

  /// Key or value rows for each query head, `[query heads, keys, dim]`.
  private static Tensor perQueryHead(Heads heads, Tensor rows) {
    Tensor perHead = rows.reshape(rows.size(0), heads.keyValue(), heads.dim()).transpose(0, 1);
    int repeat = heads.query() / heads.keyValue();
    int[] index = IntStream.range(0, heads.query()).map(h -> h / repeat).toArray();
    return perHead.indexSelect(0, Tensor.of(index, index.length).to(rows.device()));
  }

  private static Tensor mix(Heads heads, Tensor scores, Tensor values, int queries) {
    return scores
        .softmax(-1)
        .matmul(perQueryHead(heads, values))
        .transpose(0, 1)
        .reshape(queries, heads.queryDim());
  }

  private static Tensor hidden(AttentionPlan plan, Node node, Device device) {
    int keys = node.numKeys();
    float[] mask = new float[node.queries() * keys];
    for (int i = 0; i < node.queries(); i++) {
      int position = keys - node.queries() + i;
      for (int j = 0; j < keys; j++) {
        boolean visible = j <= position && position - j < plan.window();
        mask[i * keys + j] = visible ? 0 : 1;
      }
    }
    return Tensor.of(mask, node.queries(), keys).to(DType.BOOL).to(device);
  }

  @Override
  public void attentionBackward(
      AttentionPlan plan,
      Heads heads,
      AttentionTensors forward,
      Tensor dOut,
      Tensor dq,
      Tensor dk,
      Tensor dv) {
    for (Node node : plan.nodes()) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor q = forward.q().narrow(0, node.queryStart(), node.queries()).copy().requiresGrad();
        Tensor k = keys(node, forward.k()).detach().requiresGrad();
        Tensor v = keys(node, forward.v()).detach().requiresGrad();
        Tensor out = mix(heads, scores(plan, node, heads, q, k), v, node.queries());
        out.mul(dOut.narrow(0, node.queryStart(), node.queries())).sum().backward();
        dq.narrow(0, node.queryStart(), node.queries()).copy_(q.grad());
        int row = 0;
        for (int s = 0; s < node.spanStarts().length; s++) {
          int length = node.spanLengths()[s];
          dk.narrow(0, node.spanStarts()[s], length).add_(k.grad().narrow(0, row, length));
          dv.narrow(0, node.spanStarts()[s], length).add_(v.grad().narrow(0, row, length));
          row += length;
        }
      }
    }
  }

  @Override
  public void gatherRows(Tensor table_VH, int[] ids, Tensor out_TH) {
    try (TensorScope _ = TensorScope.open()) {
      out_TH.copy_(table_VH.indexSelect(0, index(ids, table_VH)));
    }
  }

  @Override
  public void gatherRows(PreparedWeight table_VH, int[] ids, Tensor out_TH) {
    switch (table_VH) {
      case PlainWeights.Plain plain -> gatherRows(plain.weight(), ids, out_TH);
      case PackedWeights.Packed _ ->
          throw new IllegalArgumentException(
              "packed weights are for the CPU; prepare them with these kernels");
    }
  }

  private static Tensor index(int[] ids, Tensor table) {
    return Tensor.of(ids, ids.length).to(table.device());
  }

  @Override
  public void scatterAddRows(Tensor dy_TH, int[] ids, Tensor dTable_VH) {
    try (TensorScope _ = TensorScope.open()) {
      dTable_VH.indexAdd_(0, index(ids, dTable_VH), dy_TH);
    }
  }

  @Override
  public void logprobs(
      Tensor logits_TV, int[] ids, int offset, double scale, float[] logprobs, float[] entropy) {
    try (TensorScope _ = TensorScope.open()) {
      int rows = Math.toIntExact(logits_TV.size(0));
      Tensor log = logits_TV.mul(scale).logSoftmax(-1);
      Tensor p = log.exp();
      Tensor chosen = log.gather(1, targets(ids, offset, rows, logits_TV));
      System.arraycopy(chosen.toFloatArray(), 0, logprobs, offset, rows);
      float[] h = p.mul(log).sum(-1, false).neg().toFloatArray();
      System.arraycopy(h, 0, entropy, offset, rows);
      logits_TV.copy_(p);
    }
  }

  private static Tensor targets(int[] ids, int offset, int rows, Tensor logits) {
    return Tensor.of(Arrays.copyOfRange(ids, offset, offset + rows), rows, 1).to(logits.device());
  }

  @Override
  public void logprobsBackward(
      Tensor logits_TV,
      int[] ids,
      int offset,
      double scale,
      float[] dLogprobs,
      float[] dEntropy,
      float[] entropy) {
    try (TensorScope _ = TensorScope.open()) {
      int rows = Math.toIntExact(logits_TV.size(0));
      Tensor p = logits_TV.copy();
      Tensor dl = column(dLogprobs, offset, rows, p.device()).mul(scale);
      Tensor gradient = p.mul(dl).neg();
      if (dEntropy.length > 0) {
        Tensor dh = column(dEntropy, offset, rows, p.device()).mul(scale);
        Tensor h = column(entropy, offset, rows, p.device());
        Tensor log = p.add(Float.MIN_NORMAL).log();
        gradient = gradient.sub(p.mul(log.add(h)).mul(dh));
      }
      for (int row = 0; row < rows; row++) {
        gradient.select(0, row).narrow(0, ids[offset + row], 1).add_(dl.select(0, row));
      }
      logits_TV.copy_(gradient);
    }
  }

  private static Tensor column(float[] values, int offset, int rows, Device device) {
    return Tensor.of(Arrays.copyOfRange(values, offset, offset + rows), rows, 1).to(device);
  }

  @Override
  public void softmax(Tensor logits_TV, double scale) {
    try (TensorScope _ = TensorScope.open()) {
      logits_TV.copy_(logits_TV.mul(scale).softmax(-1));
    }
  }

  @Override
  public void adamW(AdamWStep step, Tensor parameter, Tensor gradient, Tensor m, Tensor v) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor g = gradient.mul(step.gradScale());
      m.mul_(step.beta1()).add_(g.mul(1 - step.beta1()));
      v.mul_(step.beta2()).add_(g.square().mul(1 - step.beta2()));
      double stepSize = step.lr() / (1 - Math.pow(step.beta1(), (double) step.step()));
      double rootCorrection = 1 / Math.sqrt(1 - Math.pow(step.beta2(), (double) step.step()));
      Tensor update = m.div(v.sqrt().mul(rootCorrection).add(step.eps()));
      parameter.mul_(1 - step.lr() * step.weightDecay()).add_(update.mul(-stepSize));
    }
  }

  @Override
  public void sgd(SgdStep step, Tensor parameter, Tensor gradient, Tensor m) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor g = gradient.mul(step.gradScale()).add(parameter.mul(step.weightDecay()));
      Tensor direction = g;
      if (step.momentum() != 0) {
        m.mul_(step.momentum()).add_(g);
        direction = step.nesterov() ? g.add(m.mul(step.momentum())) : m;
      }
      parameter.add_(direction.mul(-step.lr()));
    }
  }

  @Override
  public double sumOfSquares(Tensor x) {
    try (TensorScope _ = TensorScope.open()) {
      return x.to(DType.F64).square().sum().item();
    }
  }
}
