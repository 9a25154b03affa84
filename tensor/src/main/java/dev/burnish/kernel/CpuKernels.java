package dev.burnish.kernel;

import dev.burnish.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// F32 on the CPU: shape checks here, the work in one class per operation.
final class CpuKernels implements Kernels {
  private final Team team;
  private final PackedGemm packed;
  private final TiledGemm tiled;

  private static final class Shared {
    static final CpuKernels KERNELS = new CpuKernels(Team.shared());
  }

  private CpuKernels(Team team) {
    this.team = team;
    this.packed = new PackedGemm(team, Tile.Form.ofThisMachine());
    this.tiled = new TiledGemm(team);
  }

  /// The kernels of this process, which hold some megabytes of scratch memory.
  static CpuKernels shared() {
    return Shared.KERNELS;
  }

  @Override
  public void linear(
      Tensor x_TK,
      Tensor w_NK,
      @Nullable Tensor bias_N,
      Tensor out_TN,
      Output output,
      Numerics numerics) {
    Matrix x = Matrix.of(x_TK);
    Matrix w = Matrix.of(w_NK);
    Matrix out = Matrix.of(out_TN).expect("out", x.rows(), w.rows());
    w.expect("weight", w.rows(), x.cols());
    boolean add = addBias(bias_N, out, output);
    switch (numerics) {
      case BATCH_INVARIANT, DIVISIBLE ->
          packed.timesTransposed(x, w, segments(x.cols(), numerics), add, out);
      case FASTEST -> tiled.timesTransposed(x, w, add, out);
    }
  }

  @Override
  public Prepared prepare(List<PackedLayout.Shape> weights, WeightFormat format) {
    return PackedWeights.allocate(packed, packed.layout(weights, format));
  }

  @Override
  public Prepared prepared(PackedLayout layout, Tensor memory) {
    return PackedWeights.over(packed, layout, memory);
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
      case PackedWeights.Packed w -> {
        Matrix x = Matrix.of(x_TK);
        x.expect("x", x.rows(), w.k());
        Matrix out = Matrix.of(out_TN).expect("out", x.rows(), w.n());
        packed.timesTransposed(x, w, segments(w.k(), numerics), addBias(bias_N, out, output), out);
      }
    }
  }

  private static Segments segments(int inner, Numerics numerics) {
    return switch (numerics) {
      case BATCH_INVARIANT, FASTEST -> Segments.of(inner);
      case DIVISIBLE -> Segments.divisible(inner);
    };
  }

  /// Puts the bias into `out`, or adds it; returns whether the product is to be added to `out`.
  private static boolean addBias(@Nullable Tensor bias_N, Matrix out, Output output) {
    if (bias_N == null) {
      return output == Output.ADD;
    }
    Matrix bias = Matrix.of(bias_N).expect("bias", 1, out.cols());
    for (int row = 0; row < out.rows(); row++) {
      if (output == Output.ADD) {
        Lanes.addTo(out.row(row), bias.address(), bias.cols());
      } else {
        Lanes.copy(out.row(row), bias.address(), bias.cols());
      }
    }
    return true;
  }

  @Override
  public void linearBackwardInput(Tensor dy_TN, Tensor w_NK, Tensor dx_TK, Output output) {
    Matrix dy = Matrix.of(dy_TN);
    Matrix w = Matrix.of(w_NK);
    Matrix dx = Matrix.of(dx_TK).expect("dx", dy.rows(), w.cols());
    w.expect("weight", dy.cols(), w.cols());
    tiled.times(dy, w, output == Output.ADD, dx);
  }

  @Override
  public void linearBackwardWeight(Tensor dy_TN, Tensor x_TK, Tensor dw_NK, Output output) {
    Matrix dy = Matrix.of(dy_TN);
    Matrix x = Matrix.of(x_TK).expect("x", dy.rows(), Matrix.of(x_TK).cols());
    Matrix dw = Matrix.of(dw_NK).expect("dw", dy.cols(), x.cols());
    tiled.transposedTimes(dy, x, output == Output.ADD, dw);
  }

  @Override
  public void biasBackward(Tensor dy_TN, Tensor db_N) {
    Matrix dy = Matrix.of(dy_TN);
    Matrix db = Matrix.of(db_N).expect("db", 1, dy.cols());
    team.ranges(
        dy.cols(),
        64,
        (from, to) -> {
          for (int row = 0; row < dy.rows(); row++) {
            Lanes.addTo(db.address() + 4L * from, dy.row(row) + 4L * from, to - from);
          }
        });
  }

  @Override
  public void rmsNorm(Tensor x_TC, Tensor w_H, double eps, Tensor out_TC, Tensor rstd) {
    Matrix x = Matrix.of(x_TC);
    Matrix w = Matrix.of(w_H);
    Matrix out = Matrix.of(out_TC).expect("out", x.rows(), x.cols());
    RmsNorm.forward(team, x, w, eps, out, statistics(x, w, rstd));
  }

  private static long statistics(Matrix x, Matrix w, Tensor rstd) {
    if (x.cols() % w.cols() != 0 || rstd.numElements() < (long) x.rows() * (x.cols() / w.cols())) {
      throw new IllegalArgumentException(
          "rmsNorm takes runs of the weight's size and one rstd a run: cols=%d weight=%d rstd=%s"
              .formatted(x.cols(), w.cols(), rstd));
    }
    return rstd.address();
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
    Matrix x = Matrix.of(x_TC);
    Matrix w = Matrix.of(w_H);
    RmsNorm.backward(
        team,
        Matrix.of(dy_TC).expect("dy", x.rows(), x.cols()),
        x,
        w,
        statistics(x, w, rstd),
        Matrix.of(dx_TC).expect("dx", x.rows(), x.cols()),
        output == Output.ADD,
        Matrix.of(dw_H).expect("dw", 1, w.cols()));
  }

  @Override
  public void rope(Tensor x_TC, RopeTable table, int[] positions) {
    Rope.apply(team, rotatable(x_TC, table, positions), table, positions);
  }

  @Override
  public void ropeBackward(Tensor dx_TC, RopeTable table, int[] positions) {
    Rope.applyBackward(team, rotatable(dx_TC, table, positions), table, positions);
  }

  private static Matrix rotatable(Tensor x_TC, RopeTable table, int[] positions) {
    Matrix x = Matrix.of(x_TC);
    if (x.cols() % table.headDim() != 0 || positions.length < x.rows()) {
      throw new IllegalArgumentException(
          "rope takes whole heads and a position a row: cols=%d headDim=%d rows=%d positions=%d"
              .formatted(x.cols(), table.headDim(), x.rows(), positions.length));
    }
    for (int row = 0; row < x.rows(); row++) {
      if (positions[row] < 0 || positions[row] >= table.positions()) {
        throw new IllegalArgumentException(
            "a position lies within the rope table: position=%d positions=%d; raise the maximum sequence length"
                .formatted(positions[row], table.positions()));
      }
    }
    return x;
  }

  @Override
  public void swiGlu(Tensor gateUp_T2I, Tensor out_TI) {
    Matrix out = Matrix.of(out_TI);
    SwiGlu.forward(team, Matrix.of(gateUp_T2I).expect("gateUp", out.rows(), 2 * out.cols()), out);
  }

  @Override
  public void swiGluBackward(Tensor da_TI, Tensor gateUp_T2I) {
    Matrix da = Matrix.of(da_TI);
    SwiGlu.backward(team, da, Matrix.of(gateUp_T2I).expect("gateUp", da.rows(), 2 * da.cols()));
  }

  @Override
  public void attention(
      AttentionPlan plan, Heads heads, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp) {
    Matrix queries = Matrix.of(q);
    Matrix keys = Matrix.of(k);
    Matrix values = Matrix.of(v);
    check(plan, heads, queries, keys, values);
    Attention.forward(
        team,
        plan,
        heads,
        new Attention.Forward(
            queries,
            keys,
            values,
            Matrix.of(out).expect("out", queries.rows(), queries.cols()),
            Matrix.of(logsumexp).expect("logsumexp", queries.rows(), heads.query())));
  }

  @Override
  public void invariantAttention(
      AttentionPlan plan, Heads heads, Tensor q, KeyValues keyValues, Tensor out) {
    PanelKeyValues panels =
        switch (keyValues) {
          case PanelKeyValues ofThis -> ofThis;
          case RowKeyValues _ ->
              throw new IllegalArgumentException(
                  "keys and values must be laid out by the same kernels; these are for others");
        };
    if (!panels.heads().equals(heads)) {
      throw new IllegalArgumentException(
          "keys and values must be of the same heads: heads=%s expected=%s"
              .formatted(panels.heads(), heads));
    }
    Matrix queries = Matrix.of(q);
    check(plan, heads, queries, panels.numSlots());
    Matrix written = Matrix.of(out).expect("out", queries.rows(), queries.cols());
    InvariantAttention.forward(
        team, plan, heads, new InvariantAttention.Tensors(queries, panels, written));
  }

  @Override
  public KeyValues keyValues(Heads heads, int numSlots) {
    return new PanelKeyValues(team, heads, numSlots);
  }

  private static void check(AttentionPlan plan, Heads heads, Matrix q, Matrix k, Matrix v) {
    k.expect("k", k.rows(), heads.keyValueDim());
    v.expect("v", k.rows(), heads.keyValueDim());
    check(plan, heads, q, k.rows());
  }

  private static void check(AttentionPlan plan, Heads heads, Matrix q, int keyRows) {
    q.expect("q", q.rows(), heads.queryDim());
    for (AttentionPlan.Node node : plan.nodes()) {
      boolean inside = node.queryStart() >= 0 && node.queryStart() + node.queries() <= q.rows();
      for (int s = 0; s < node.spanStarts().length; s++) {
        inside &=
            node.spanStarts()[s] >= 0 && node.spanStarts()[s] + node.spanLengths()[s] <= keyRows;
      }
      if (!inside || node.numKeys() < node.queries()) {
        throw new IllegalArgumentException(
            "a node's rows lie inside the tensors and it has a key for each query: node=%s spans=%s+%s queryRows=%d keyRows=%d"
                .formatted(
                    node,
                    Arrays.toString(node.spanStarts()),
                    Arrays.toString(node.spanLengths()),
                    q.rows(),
                    keyRows));
      }
    }
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
    Matrix q = Matrix.of(forward.q());
    Matrix k = Matrix.of(forward.k());
    Matrix v = Matrix.of(forward.v());
    check(plan, heads, q, k, v);
    Attention.backward(
        team,
        plan,
        heads,
        new Attention.Forward(q, k, v, Matrix.of(forward.out()), Matrix.of(forward.logsumexp())),
        new Attention.Gradients(
            Matrix.of(dOut).expect("dOut", q.rows(), q.cols()),
            Matrix.of(dq).expect("dq", q.rows(), q.cols()),
            Matrix.of(dk).expect("dk", k.rows(), k.cols()),
            Matrix.of(dv).expect("dv", k.rows(), k.cols())));
  }

  @Override
  public void gatherRows(Tensor table_VH, int[] ids, Tensor out_TH) {
    Matrix table = Matrix.of(table_VH);
    Matrix out = Matrix.of(out_TH).expect("out", ids.length, table.cols());
    checkIds(ids, 0, ids.length, table.rows());
    team.ranges(
        ids.length,
        64,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            Lanes.copy(out.row(i), table.row(ids[i]), table.cols());
          }
        });
  }

  @Override
  public void gatherRows(PreparedWeight table_VH, int[] ids, Tensor out_TH) {
    switch (table_VH) {
      case PlainWeights.Plain plain -> gatherRows(plain.weight(), ids, out_TH);
      case PackedWeights.Packed table -> {
        Matrix out = Matrix.of(out_TH).expect("out", ids.length, table.k());
        checkIds(ids, 0, ids.length, table.n());
        packed.betweenProducts(() -> {
          Panels panels = table.open();
          team.ranges(
              ids.length,
              16,
              (from, to) -> {
                for (int i = from; i < to; i++) {
                  panels.row(ids[i], out.row(i));
                }
              });
        });
      }
    }
  }

  private static void checkIds(int[] ids, int from, int to, int rows) {
    for (int i = from; i < to; i++) {
      if (ids[i] < 0 || ids[i] >= rows) {
        throw new IllegalArgumentException(
            "an id lies inside the table: id=%d rows=%d; does the tokenizer belong to this model?"
                .formatted(ids[i], rows));
      }
    }
  }

  @Override
  public void scatterAddRows(Tensor dy_TH, int[] ids, Tensor dTable_VH) {
    Matrix table = Matrix.of(dTable_VH);
    Matrix dy = Matrix.of(dy_TH).expect("dy", ids.length, table.cols());
    checkIds(ids, 0, ids.length, table.rows());
    team.ranges(
        table.cols(),
        64,
        (from, to) -> {
          for (int i = 0; i < ids.length; i++) {
            Lanes.addTo(table.row(ids[i]) + 4L * from, dy.row(i) + 4L * from, to - from);
          }
        });
  }

  @Override
  public void logprobs(
      Tensor logits_TV, int[] ids, int offset, double scale, float[] logprobs, float[] entropy) {
    Matrix logits = Matrix.of(logits_TV);
    checkIds(ids, offset, offset + logits.rows(), logits.cols());
    LogprobRows.forward(team, logits, ids, offset, (float) scale, logprobs, entropy);
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
    Matrix logits = Matrix.of(logits_TV);
    LogprobRows.backward(team, logits, ids, offset, (float) scale, dLogprobs, dEntropy, entropy);
  }

  @Override
  public void softmax(Tensor logits_TV, double scale) {
    Matrix logits = Matrix.of(logits_TV);
    team.ranges(
        logits.rows(),
        1,
        (from, to) -> {
          double[] moments = new double[2];
          for (int row = from; row < to; row++) {
            long z = logits.row(row);
            float shift = (float) scale * SoftmaxRows.max(z, logits.cols());
            SoftmaxRows.expAndMoments(z, logits.cols(), (float) scale, shift, moments);
            SoftmaxRows.scale(z, logits.cols(), (float) (1 / moments[0]));
          }
        });
  }

  @Override
  public void adamW(AdamWStep step, Tensor parameter, Tensor gradient, Tensor m, Tensor v) {
    int count = contiguous(parameter);
    if (contiguous(gradient) != count || contiguous(m) != count || contiguous(v) != count) {
      throw new IllegalArgumentException(
          "parameter, gradient and moments have one size: %s %s %s %s"
              .formatted(parameter, gradient, m, v));
    }
    AdamW.update(
        team, step, parameter.address(), gradient.address(), m.address(), v.address(), count);
  }

  @Override
  public void sgd(SgdStep step, Tensor parameter, Tensor gradient, Tensor m) {
    int count = contiguous(parameter);
    int momenta = step.momentum() == 0 ? 0 : count;
    if (contiguous(gradient) != count || contiguous(m) != momenta) {
      throw new IllegalArgumentException(
          "parameter, gradient and momentum have one size: %s %s %s"
              .formatted(parameter, gradient, m));
    }
    Sgd.update(
        team, step, parameter.address(), gradient.address(), momenta == 0 ? 0 : m.address(), count);
  }

  private static int contiguous(Tensor tensor) {
    if (!tensor.isContiguous()) {
      throw new IllegalArgumentException("this kernel takes contiguous tensors: " + tensor);
    }
    return Math.toIntExact(tensor.numElements());
  }

  @Override
  public double sumOfSquares(Tensor x) {
    int count = contiguous(x);
    if (count == 0) {
      return 0;
    }
    long address = x.address();
    int block = 8_192;
    double[] partial = new double[(count + block - 1) / block];
    team.run(
        Math.min(16, partial.length),
        piece -> {
          for (int b = piece; b < partial.length; b += 16) {
            long start = address + 4L * b * block;
            partial[b] = Lanes.dot(start, start, Math.min(block, count - b * block));
          }
        });
    double sum = 0;
    for (double value : partial) {
      sum += value;
    }
    return sum;
  }
}
