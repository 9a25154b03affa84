package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.kernel.AttentionPlan.Node;
import dev.burnish.kernel.Kernels.AttentionTensors;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every CPU kernel against libtorch's spelling and against scalar code, over odd sizes; every
/// backward against finite differences.
class KernelsTest {
  private static final Kernels CPU = Kernels.of(Device.CPU);
  private static final Kernels REFERENCE = Kernels.reference();

  private final SplittableRandom random = new SplittableRandom(7);
  private TensorScope scope = TensorScope.open();

  @BeforeEach
  void renewScope() {
    scope.close();
    scope = TensorScope.open();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private Tensor random(long... shape) {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, shape);
  }

  private static Tensor zeros(long... shape) {
    return Tensor.zeros(DType.F32, Device.CPU, shape);
  }

  private static void assertClose(Tensor actual, Tensor expected, double tolerance) {
    assertThat(actual.toFloatArray()).hasSameSizeAs(expected.toFloatArray());
    assertThat(largestDifference(actual, expected)).isLessThan(tolerance);
  }

  private static double largestDifference(Tensor actual, Tensor expected) {
    float[] a = actual.toFloatArray();
    float[] b = expected.toFloatArray();
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      assertThat(a[i]).isFinite();
      largest = Math.max(largest, Math.abs(a[i] - b[i]) / (1 + Math.abs(b[i])));
    }
    return largest;
  }

  /// Runs an operation on copies of `inputs` with both implementations and compares what it left in
  /// every one of them.
  private static void assertParity(BiConsumer<Kernels, Tensor[]> operation, Tensor... inputs) {
    assertParity(2e-5, operation, inputs);
  }

  /// For sums of `terms` products of numbers around 1: half a unit in the last place an addition.
  private static double rounding(int terms) {
    return Math.max(5e-6, 6e-8 * terms);
  }

  private static void assertParity(
      double tolerance, BiConsumer<Kernels, Tensor[]> operation, Tensor... inputs) {
    Tensor[] mine = copies(inputs);
    Tensor[] theirs = copies(inputs);
    operation.accept(CPU, mine);
    operation.accept(REFERENCE, theirs);
    for (int i = 0; i < inputs.length; i++) {
      assertClose(mine[i], theirs[i], tolerance);
    }
  }

  private static Tensor[] copies(Tensor[] tensors) {
    Tensor[] result = new Tensor[tensors.length];
    for (int i = 0; i < tensors.length; i++) {
      result[i] = tensors[i].copy();
    }
    return result;
  }

  /// Checks `gradient` of `function` with respect to `x` by central differences at some elements.
  private void assertGradient(Tensor x, Tensor gradient, ToDoubleFunction<Tensor> function) {
    float[] base = x.toFloatArray();
    float[] analytic = gradient.toFloatArray();
    double norm = 0;
    for (float g : analytic) {
      norm = Math.max(norm, Math.abs(g));
    }
    assertThat(norm).isGreaterThan(0);
    for (int trial = 0; trial < 12; trial++) {
      int i = random.nextInt(base.length);
      double numeric =
          (function.applyAsDouble(shifted(base, i, 1e-2f, x))
                  - function.applyAsDouble(shifted(base, i, -1e-2f, x)))
              / 2e-2;
      assertThat((double) analytic[i]).isCloseTo(numeric, within(2e-3 * (1 + norm)));
    }
  }

  private static Tensor shifted(float[] base, int index, float by, Tensor like) {
    float[] values = base.clone();
    values[index] += by;
    return Tensor.of(values, like.shape());
  }

  private static double weightedSum(Tensor y, Tensor weights) {
    float[] a = y.toFloatArray();
    float[] b = weights.toFloatArray();
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1",
    "3,5,7",
    "17,33,64",
    "130,96,200",
    "1,576,1536",
    "400,64,900",
    "900,31,65",
    "5,1100,40"
  })
  void multipliesLikeScalarCode(int rows, int inputs, int outputs) {
    Tensor x = random(rows, inputs);
    Tensor w = random(outputs, inputs);
    Tensor bias = random(outputs);
    Tensor y = zeros(rows, outputs);
    CPU.linear(x, w, bias, y, Output.OVERWRITE, Numerics.BATCH_INVARIANT);
    float[] xs = x.toFloatArray();
    float[] ws = w.toFloatArray();
    for (int trial = 0; trial < 20; trial++) {
      int row = random.nextInt(rows);
      int output = random.nextInt(outputs);
      double sum = bias.toFloatArray()[output];
      for (int i = 0; i < inputs; i++) {
        sum += (double) xs[row * inputs + i] * ws[output * inputs + i];
      }
      assertThat((double) y.toFloatArray()[row * outputs + output]).isCloseTo(sum, within(1e-3));
    }
    for (Numerics numerics : Numerics.values()) {
      assertParity(
          rounding(inputs),
          (k, t) -> k.linear(t[0], t[1], t[2], t[3], Output.OVERWRITE, numerics),
          x,
          w,
          bias,
          random(rows, outputs));
      assertParity(
          rounding(inputs),
          (k, t) -> k.linear(t[0], t[1], null, t[2], Output.ADD, numerics),
          x,
          w,
          random(rows, outputs));
    }
    Tensor dy = random(rows, outputs);
    assertParity(
        rounding(outputs),
        (k, t) -> k.linearBackwardInput(t[0], t[1], t[2], Output.OVERWRITE),
        dy,
        w,
        random(rows, inputs));
    assertParity(
        rounding(outputs),
        (k, t) -> k.linearBackwardInput(t[0], t[1], t[2], Output.ADD),
        dy,
        w,
        random(rows, inputs));
    assertParity(
        rounding(rows),
        (k, t) -> k.linearBackwardWeight(t[0], t[1], t[2], Output.ADD),
        dy,
        x,
        random(outputs, inputs));
    assertParity(
        rounding(rows),
        (k, t) -> k.linearBackwardWeight(t[0], t[1], t[2], Output.OVERWRITE),
        dy,
        x,
        random(outputs, inputs).fill_(Double.NaN));
    assertParity((k, t) -> k.biasBackward(t[0], t[1]), dy, random(outputs));
  }

  /// So that a generator, row by row, and a trainer, all rows at once, get the same result.
  @ParameterizedTest
  @CsvSource({"40,33,65", "300,576,96", "70,1100,200"})
  void aRowsProductDoesNotDependOnTheOtherRows(int rows, int inputs, int outputs) {
    Tensor x = random(rows, inputs);
    Tensor w = random(outputs, inputs);
    Tensor bias = random(outputs);
    Tensor all = zeros(rows, outputs);
    CPU.linear(x, w, bias, all, Output.OVERWRITE, Numerics.BATCH_INVARIANT);
    Kernels.Prepared weights = prepared(WeightFormat.F32, random(7, 5), w);
    for (int count : new int[] {1, 2, 3, 5, 6, 11, 40}) {
      int first = random.nextInt(rows - count + 1);
      float[] expected = all.narrow(0, first, count).contiguous().toFloatArray();
      Tensor some = zeros(count, outputs);
      CPU.linear(
          x.narrow(0, first, count), w, bias, some, Output.OVERWRITE, Numerics.BATCH_INVARIANT);
      assertThat(some.toFloatArray()).isEqualTo(expected);
      CPU.linear(
          x.narrow(0, first, count),
          weights.get(1),
          bias,
          some,
          Output.OVERWRITE,
          Numerics.BATCH_INVARIANT);
      assertThat(some.toFloatArray()).isEqualTo(expected);
    }
    weights.close();
  }

  private static Kernels.Prepared prepared(WeightFormat format, Tensor... weights) {
    Kernels.Prepared result =
        CPU.prepare(Stream.of(weights).map(PackedLayout.Shape::of).toList(), format);
    result.update(List.of(weights));
    return result;
  }

  @Test
  void anUpdateTakesOverNewWeights() {
    Tensor w = random(20, 30);
    Kernels.Prepared weights = prepared(WeightFormat.F32, w);
    w.copy_(random(20, 30));
    weights.update(List.of(w));
    Tensor x = random(3, 30);
    Tensor expected = zeros(3, 20);
    CPU.linear(x, w, null, expected, Output.OVERWRITE, Numerics.BATCH_INVARIANT);
    Tensor actual = zeros(3, 20);
    CPU.linear(x, weights.get(0), null, actual, Output.OVERWRITE, Numerics.BATCH_INVARIANT);
    assertThat(actual.toFloatArray()).isEqualTo(expected.toFloatArray());
    weights.close();
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "3,7,1", "5,33,1", "130,48,1", "9,20,4", "70,64,3"})
  void normalisesLikeTheReference(int rows, int width, int runs) {
    Tensor x = random(rows, (long) width * runs);
    Tensor w = random(width);
    Tensor dy = random(rows, (long) width * runs);
    assertParity(
        (k, t) -> k.rmsNorm(t[0], t[1], 1e-5, t[2], t[3]),
        x,
        w,
        zeros(x.shape()),
        zeros(rows, runs));
    Tensor rstd = zeros(rows, runs);
    CPU.rmsNorm(x, w, 1e-5, zeros(x.shape()), rstd);
    for (Output output : Output.values()) {
      assertParity(
          (k, t) -> k.rmsNormBackward(t[0], t[1], t[2], t[3], t[4], output, t[5]),
          dy,
          x,
          w,
          rstd,
          random(x.shape()),
          random(width));
    }
  }

  @Test
  void normalisationHasTheGradientOfFiniteDifferences() {
    Tensor x = random(4, 24);
    Tensor w = random(24);
    Tensor dy = random(4, 24);
    Tensor rstd = zeros(4);
    CPU.rmsNorm(x, w, 1e-5, zeros(4, 24), rstd);
    Tensor dx = zeros(4, 24);
    Tensor dw = zeros(24);
    CPU.rmsNormBackward(dy, x, w, rstd, dx, Output.OVERWRITE, dw);
    assertGradient(x, dx, shifted -> normalised(shifted, w, dy));
    assertGradient(w, dw, shifted -> normalised(x, shifted, dy));
  }

  private static double normalised(Tensor x, Tensor w, Tensor dy) {
    Tensor y = zeros(x.shape());
    CPU.rmsNorm(x, w, 1e-5, y, zeros(x.size(0)));
    return weightedSum(y, dy);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 6, 16, 20, 64})
  void rotatesLikeTheReference(int headDim) {
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) Math.pow(10_000, -2.0 * i / headDim);
    }
    RopeTable table = RopeTable.of(frequencies, 50, 1.1);
    int[] positions = {0, 49, 3, 3, 17};
    Tensor x = random(5, 3L * headDim);
    assertParity((k, t) -> k.rope(t[0], table, positions), x);
    assertParity((k, t) -> k.ropeBackward(t[0], table, positions), x);
    // The first pair of the first head at position 49: columns 0 and headDim / 2.
    Tensor rotated = x.copy();
    CPU.rope(rotated, table, positions);
    float a = x.toFloatArray()[3 * headDim];
    float b = x.toFloatArray()[3 * headDim + headDim / 2];
    assertThat((double) rotated.toFloatArray()[3 * headDim])
        .isCloseTo(1.1 * (a * Math.cos(49) - b * Math.sin(49)), within(1e-5));
  }

  @Test
  void refusesAPositionOutsideTheTable() {
    RopeTable table = RopeTable.of(new float[] {1f}, 4, 1);
    assertThatThrownBy(() -> CPU.rope(random(1, 2), table, new int[] {4}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("position=4 positions=4");
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,5", "20,33", "7,100"})
  void gatesLikeTheReference(int rows, int width) {
    Tensor gateUp = random(rows, 2L * width);
    assertParity((k, t) -> k.swiGlu(t[0], t[1]), gateUp, zeros(rows, width));
    assertParity((k, t) -> k.swiGluBackward(t[0], t[1]), random(rows, width), gateUp);
  }

  @Test
  void gateHasTheGradientOfFiniteDifferences() {
    Tensor gateUp = random(3, 20);
    Tensor da = random(3, 10);
    Tensor gradient = gateUp.copy();
    CPU.swiGluBackward(da.copy(), gradient);
    assertGradient(
        gateUp,
        gradient,
        shifted -> {
          Tensor out = zeros(3, 10);
          CPU.swiGlu(shifted, out);
          return weightedSum(out, da);
        });
  }

  private static AttentionPlan forest(int window) {
    // A prompt of 70 tokens with two samples below it, a document of 5, and one decoding step with
    // scattered spans.
    return new AttentionPlan(
        List.of(
            new Node(0, 70, new int[] {0}, new int[] {70}),
            new Node(70, 9, new int[] {0, 70}, new int[] {70, 9}),
            new Node(79, 3, new int[] {0, 79}, new int[] {70, 3}),
            new Node(82, 5, new int[] {82}, new int[] {5}),
            new Node(87, 1, new int[] {3, 87}, new int[] {11, 1})),
        new int[] {0, 0, 0, 1, 0},
        window);
  }

  @ParameterizedTest
  @CsvSource({"4,2,16,0", "3,3,5,0", "6,2,8,7", "2,1,64,1"})
  void attendsLikeTheReference(int heads, int kvHeads, int dim, int window) {
    AttentionPlan plan = forest(window == 0 ? AttentionPlan.NO_WINDOW : window);
    Heads shape = new Heads(heads, kvHeads, dim);
    int rows = 88;
    Tensor qkv = random(rows, (long) (heads + 2 * kvHeads) * dim);
    assertParity(
        (k, t) ->
            k.attention(plan, shape, q(t[0], shape), k(t[0], shape), v(t[0], shape), t[1], t[2]),
        qkv,
        zeros(rows, (long) heads * dim),
        zeros(rows, heads));
    Tensor out = zeros(rows, (long) heads * dim);
    Tensor lse = zeros(rows, heads);
    CPU.attention(plan, shape, q(qkv, shape), k(qkv, shape), v(qkv, shape), out, lse);
    assertParity(
        (k, t) ->
            k.attentionBackward(
                plan,
                shape,
                new AttentionTensors(q(t[0], shape), k(t[0], shape), v(t[0], shape), t[1], t[2]),
                t[3],
                q(t[4], shape),
                k(t[4], shape),
                v(t[4], shape)),
        qkv,
        out,
        lse,
        random(out.shape()),
        zeros(qkv.shape()));
  }

  private static Tensor q(Tensor qkv, Heads heads) {
    return qkv.narrow(1, 0, heads.queryDim());
  }

  private static Tensor k(Tensor qkv, Heads heads) {
    return qkv.narrow(1, heads.queryDim(), heads.keyValueDim());
  }

  private static Tensor v(Tensor qkv, Heads heads) {
    return qkv.narrow(1, heads.queryDim() + heads.keyValueDim(), heads.keyValueDim());
  }

  @Test
  void attentionHasTheGradientOfFiniteDifferences() {
    AttentionPlan plan = forest(AttentionPlan.NO_WINDOW);
    Heads heads = new Heads(2, 1, 4);
    Tensor qkv = random(88, 16);
    Tensor dOut = random(88, 8);
    Tensor out = zeros(88, 8);
    Tensor lse = zeros(88, 2);
    CPU.attention(plan, heads, q(qkv, heads), k(qkv, heads), v(qkv, heads), out, lse);
    Tensor gradient = zeros(88, 16);
    CPU.attentionBackward(
        plan,
        heads,
        new AttentionTensors(q(qkv, heads), k(qkv, heads), v(qkv, heads), out, lse),
        dOut,
        q(gradient, heads),
        k(gradient, heads),
        v(gradient, heads));
    assertGradient(
        qkv,
        gradient,
        shifted -> {
          Tensor y = zeros(88, 8);
          CPU.attention(
              plan,
              heads,
              q(shifted, heads),
              k(shifted, heads),
              v(shifted, heads),
              y,
              zeros(88, 2));
          return weightedSum(y, dOut);
        });
  }

  @Test
  void aSampleDoesNotSeeItsSibling() {
    AttentionPlan plan = forest(AttentionPlan.NO_WINDOW);
    Heads heads = new Heads(2, 1, 4);
    Tensor qkv = random(88, 16);
    Tensor before = zeros(88, 8);
    CPU.attention(plan, heads, q(qkv, heads), k(qkv, heads), v(qkv, heads), before, zeros(88, 2));
    qkv.narrow(0, 70, 9).fill_(3);
    Tensor after = zeros(88, 8);
    CPU.attention(plan, heads, q(qkv, heads), k(qkv, heads), v(qkv, heads), after, zeros(88, 2));
    assertThat(after.narrow(0, 79, 9).toFloatArray())
        .isEqualTo(before.narrow(0, 79, 9).toFloatArray());
    assertThat(after.narrow(0, 70, 9).toFloatArray())
        .isNotEqualTo(before.narrow(0, 70, 9).toFloatArray());
  }

  @Test
  void refusesKeysOutsideTheTensor() {
    AttentionPlan plan =
        new AttentionPlan(
            List.of(new Node(0, 1, new int[] {0}, new int[] {3})),
            new int[1],
            AttentionPlan.NO_WINDOW);
    Heads heads = new Heads(1, 1, 4);
    assertThatThrownBy(() ->
            CPU.attention(
                plan, heads, random(1, 4), random(2, 4), random(2, 4), zeros(1, 4), zeros(1, 1)))
        .hasMessageContaining("keyRows=2");
  }

  @Test
  void gathersAndScattersRows() {
    int[] ids = {4, 0, 4, 8, 4};
    assertParity((k, t) -> k.gatherRows(t[0], ids, t[1]), random(9, 21), zeros(5, 21));
    assertParity((k, t) -> k.scatterAddRows(t[0], ids, t[1]), random(5, 21), random(9, 21));
    assertThatThrownBy(() -> CPU.gatherRows(random(9, 21), new int[] {9}, zeros(1, 21)))
        .hasMessageContaining("id=9 rows=9");
  }

  @ParameterizedTest
  @CsvSource({"1,2,1.0", "5,37,1.0", "6,100,0.5", "3,9001,1.4"})
  void logprobsMatchTheReference(int rows, int vocabulary, double scale) {
    int[] ids = new int[rows + 1];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt(vocabulary);
    }
    Tensor logits = random(rows, vocabulary).mul(3);
    float[] dLogprobs = new float[rows + 1];
    float[] dEntropy = new float[rows + 1];
    for (int i = 0; i < dLogprobs.length; i++) {
      dLogprobs[i] = (float) random.nextGaussian();
      dEntropy[i] = (float) random.nextGaussian();
    }
    float[][] results = new float[4][rows + 1];
    Tensor mine = logits.copy();
    CPU.logprobs(mine, ids, 1, scale, results[0], results[1]);
    Tensor theirs = logits.copy();
    REFERENCE.logprobs(theirs, ids, 1, scale, results[2], results[3]);
    assertThat(results[0]).containsExactly(results[2], org.assertj.core.data.Offset.offset(2e-5f));
    assertThat(results[1]).containsExactly(results[3], org.assertj.core.data.Offset.offset(2e-5f));
    for (float[] entropyGradient : new float[][] {{}, dEntropy}) {
      Tensor a = mine.copy();
      Tensor b = theirs.copy();
      CPU.logprobsBackward(a, ids, 1, scale, dLogprobs, entropyGradient, results[1]);
      REFERENCE.logprobsBackward(b, ids, 1, scale, dLogprobs, entropyGradient, results[3]);
      assertClose(a, b, 1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "5,37", "3,9001"})
  void softmaxMatchesTheReference(int rows, int vocabulary) {
    assertParity((k, t) -> k.softmax(t[0], 0.7), random(rows, vocabulary).mul(4));
  }

  @Test
  void logprobsHaveTheGradientOfFiniteDifferences() {
    int[] ids = {3, 0, 6};
    float[] dLogprobs = {0.7f, -1.1f, 0.4f};
    float[] dEntropy = {0.3f, 0.5f, -0.9f};
    Tensor logits = random(3, 7);
    float[] entropy = new float[3];
    Tensor gradient = logits.copy();
    CPU.logprobs(gradient, ids, 0, 0.8, new float[3], entropy);
    CPU.logprobsBackward(gradient, ids, 0, 0.8, dLogprobs, dEntropy, entropy);
    assertGradient(
        logits,
        gradient,
        shifted -> {
          float[] logprobs = new float[3];
          float[] h = new float[3];
          CPU.logprobs(shifted.copy(), ids, 0, 0.8, logprobs, h);
          double sum = 0;
          for (int i = 0; i < 3; i++) {
            sum += dLogprobs[i] * logprobs[i] + dEntropy[i] * h[i];
          }
          return sum;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 100, 40_001})
  void adamWUpdatesLikeTheReference(int count) {
    var step = new Kernels.AdamWStep(1e-2, 0.9, 0.95, 1e-8, 0.1, 3, 0.5);
    assertParity(
        (k, t) -> k.adamW(step, t[0], t[1], t[2], t[3]),
        random(count),
        random(count),
        random(count),
        random(count).square());
    assertThat(CPU.sumOfSquares(Tensor.of(new float[] {3, 4}, 2))).isEqualTo(25);
    Tensor x = random(count);
    assertThat(CPU.sumOfSquares(x))
        .isCloseTo(REFERENCE.sumOfSquares(x), within(1e-6 * count + 1e-6));
  }
}
