package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Both forms of tiles, also the one that this machine does not use, against scalar code to the
/// bit.
class PackedGemmTest {
  private static final Team ALONE = new Team(1);
  private static final Team THREE = new Team(3);

  private final SplittableRandom random = new SplittableRandom(5);
  private final TensorScope scope = TensorScope.open();
  private final List<PackedGemm> gemms = new ArrayList<>();

  @AfterEach
  void close() {
    gemms.forEach(PackedGemm::close);
    scope.close();
  }

  private PackedGemm gemm(Team team, Tile.Form form) {
    gemms.add(new PackedGemm(team, form));
    return gemms.getLast();
  }

  private Tensor random(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, columns);
  }

  /// The definition, in scalars.
  private static float[] scalar(Tensor a, Tensor w, int segments, float[] before) {
    float[] x = a.toFloatArray();
    float[] y = w.toFloatArray();
    int k = Math.toIntExact(a.size(1));
    int n = Math.toIntExact(w.size(0));
    float[] result = before.clone();
    for (int i = 0; i < a.size(0); i++) {
      for (int j = 0; j < n; j++) {
        result[i * n + j] = before[i * n + j] + element(x, i * k, y, j * k, k, segments);
      }
    }
    return result;
  }

  private static float element(float[] x, int x0, float[] y, int y0, int k, int segments) {
    float[] chains = new float[segments];
    for (int s = 0; s < segments; s++) {
      for (int p = k * s / segments; p < k * (s + 1) / segments; p++) {
        chains[s] = Math.fma(x[x0 + p], y[y0 + p], chains[s]);
      }
    }
    for (int distance = 1; distance < segments; distance *= 2) {
      for (int s = 0; s < segments; s += 2 * distance) {
        chains[s] += chains[s + distance];
      }
    }
    return chains[0];
  }

  private static Matrix matrix(Tensor tensor) {
    return Matrix.of(tensor);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1,1",
    "3,5,7,1",
    "17,33,64,2",
    "9,127,31,4",
    "6,128,33,8",
    "23,129,65,8",
    "50,333,48,1",
    "8,576,96,4",
    "7,6,5,8"
  })
  void hasTheBitsOfScalarCodeInEveryForm(int rows, int inputs, int outputs, int count) {
    Segments segments = new Segments(inputs, count);
    Tensor a = random(rows, inputs);
    Tensor w = random(outputs, inputs);
    Tensor before = random(rows, outputs);
    float[] expected = scalar(a, w, count, before.toFloatArray());
    for (Tile.Form form : Tile.Form.values()) {
      for (Team team : List.of(ALONE, THREE)) {
        PackedGemm gemm = gemm(team, form);
        Tensor plain = before.copy();
        gemm.timesTransposed(matrix(a), matrix(w), segments, true, matrix(plain));
        assertThat(plain.toFloatArray()).as("%s of %d", form, team.size()).isEqualTo(expected);
        try (PackedWeights packed = packed(gemm, WeightFormat.F32, w)) {
          Tensor c = before.copy();
          gemm.timesTransposed(matrix(a), packed.get(0), segments, true, matrix(c));
          assertThat(c.toFloatArray()).as("%s packed", form).isEqualTo(expected);
        }
      }
    }
  }

  private static PackedWeights packed(PackedGemm gemm, WeightFormat format, Tensor... weights) {
    PackedWeights packed = PackedWeights.allocate(gemm, layout(gemm, format, weights));
    packed.update(List.of(weights));
    return packed;
  }

  private static PackedLayout layout(PackedGemm gemm, WeightFormat format, Tensor... weights) {
    return gemm.layout(List.of(weights).stream().map(PackedLayout.Shape::of).toList(), format);
  }

  @Test
  void aRowDoesNotDependOnTheOtherRows() {
    Tensor a = random(61, 2100);
    Tensor w = random(70, 2100);
    for (Tile.Form form : Tile.Form.values()) {
      PackedGemm gemm = gemm(THREE, form);
      float[] all = product(gemm, a, w).toFloatArray();
      for (int count = 1; count < 20; count++) {
        int first = random.nextInt(61 - count);
        float[] some = product(gemm, a.narrow(0, first, count), w).toFloatArray();
        for (int i = 0; i < some.length; i++) {
          assertThat(some[i]).as("%s %d rows", form, count).isEqualTo(all[first * 70 + i]);
        }
      }
    }
  }

  /// Also with more threads than processors, and than panels.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 64})
  void aResultDoesNotDependOnTheNumberOfThreads(int threads) {
    Tensor w = random(200, 140);
    for (int rows : new int[] {1, 7, 300}) {
      Tensor a = random(rows, 140);
      float[] alone = product(gemm(ALONE, Tile.Form.ofThisMachine()), a, w).toFloatArray();
      PackedGemm gemm = gemm(new Team(threads), Tile.Form.ofThisMachine());
      assertThat(product(gemm, a, w).toFloatArray()).isEqualTo(alone);
      try (PackedWeights packed = packed(gemm, WeightFormat.F32, w)) {
        Tensor c = Tensor.empty(DType.F32, Device.CPU, rows, 200);
        gemm.timesTransposed(matrix(a), packed.get(0), Segments.of(140), false, matrix(c));
        assertThat(c.toFloatArray()).isEqualTo(alone);
      }
    }
  }

  private static Tensor product(PackedGemm gemm, Tensor a, Tensor w) {
    Tensor c = Tensor.empty(DType.F32, Device.CPU, a.size(0), w.size(0)).fill_(Double.NaN);
    Segments segments = Segments.of(Math.toIntExact(a.size(1)));
    gemm.timesTransposed(matrix(a), matrix(w), segments, false, matrix(c));
    return c;
  }

  /// As ranks of a tensor-parallel group compute when each has a part of the inner dimension.
  @ParameterizedTest
  @CsvSource({"2", "4", "8"})
  void partsOfTheInnerDimensionAddUpToTheBitsOfTheWhole(int ranks) {
    Segments whole = Segments.divisible(1536);
    int each = 1536 / ranks;
    Segments part = new Segments(each, Segments.MOST / ranks);
    for (int rank = 0; rank < ranks; rank++) {
      for (int s = 0; s <= part.count(); s++) {
        assertThat(rank * each + part.start(s)).isEqualTo(whole.start(rank * part.count() + s));
      }
    }
    Tensor a = random(3, 1536);
    Tensor w = random(40, 1536);
    float[] expected = divided(a, w, whole);
    List<float[]> sums = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      long from = (long) rank * each;
      sums.add(divided(a.narrow(1, from, each), w.narrow(1, from, each), part));
    }
    for (int distance = 1; distance < ranks; distance *= 2) {
      for (int rank = 0; rank < ranks; rank += 2 * distance) {
        for (int i = 0; i < expected.length; i++) {
          sums.get(rank)[i] += sums.get(rank + distance)[i];
        }
      }
    }
    assertThat(sums.getFirst()).isEqualTo(expected);
  }

  private float[] divided(Tensor a, Tensor w, Segments segments) {
    Tensor c = Tensor.empty(DType.F32, Device.CPU, a.size(0), w.size(0));
    gemm(ALONE, Tile.Form.ofThisMachine())
        .timesTransposed(matrix(a), matrix(w), segments, false, matrix(c));
    return c.toFloatArray();
  }

  @Test
  void aLongInnerDimensionIsCutIntoChainsOfBoundedLength() {
    assertThat(Segments.of(576).count()).isEqualTo(1);
    assertThat(Segments.of(1024).count()).isEqualTo(1);
    assertThat(Segments.of(1025).count()).isEqualTo(2);
    assertThat(Segments.of(100_000).count()).isEqualTo(8);
    assertThat(Segments.divisible(127).count()).isEqualTo(1);
    assertThat(Segments.divisible(576).count()).isEqualTo(8);
  }

  @ParameterizedTest
  @EnumSource(Tile.Form.class)
  void bf16WeightsComputeAsThoseRoundedToNearestEven(Tile.Form form) {
    PackedGemm gemm = gemm(THREE, form);
    for (int rows : new int[] {1, 5, 40}) {
      Tensor a = random(rows, 150);
      Tensor w = random(37, 150);
      Tensor rounded = w.to(DType.BF16).to(DType.F32);
      try (PackedWeights packed = packed(gemm, WeightFormat.BF16, w)) {
        Tensor c = Tensor.empty(DType.F32, Device.CPU, rows, 37);
        gemm.timesTransposed(
            matrix(a), packed.get(0), Segments.of(Math.toIntExact(a.size(1))), false, matrix(c));
        assertThat(c.toFloatArray()).isEqualTo(product(gemm, a, rounded).toFloatArray());
      }
    }
  }

  /// The definition: whole numbers and a scale for each output, sums in single precision.
  @ParameterizedTest
  @EnumSource(Tile.Form.class)
  void int8WeightsHaveTheBitsOfScalarCode(Tile.Form form) {
    PackedGemm gemm = gemm(THREE, form);
    for (int count : new int[] {1, 2, 8}) {
      for (int rows : new int[] {1, 2, 5, 8, 40}) {
        Tensor a = random(rows, 151);
        Tensor w = random(37, 151);
        float[] weights = w.toFloatArray();
        float[] numbers = new float[weights.length];
        float[] scales = new float[37];
        for (int j = 0; j < 37; j++) {
          for (int p = 0; p < 151; p++) {
            scales[j] = Math.max(scales[j], Math.abs(weights[j * 151 + p]) / 127);
          }
          for (int p = 0; p < 151; p++) {
            numbers[j * 151 + p] = (float) Math.rint(weights[j * 151 + p] / scales[j]);
          }
        }
        Tensor whole = Tensor.of(numbers, 37, 151);
        float[] expected = scalar(a, whole, count, new float[rows * 37]);
        for (int i = 0; i < expected.length; i++) {
          expected[i] *= scales[i % 37];
        }
        try (PackedWeights packed = packed(gemm, WeightFormat.INT8, w)) {
          Tensor c = Tensor.empty(DType.F32, Device.CPU, rows, 37);
          Segments segments = new Segments(151, count);
          gemm.timesTransposed(matrix(a), packed.get(0), segments, false, matrix(c));
          assertThat(c.toFloatArray()).as("%d rows", rows).isEqualTo(expected);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Tile.Form.class)
  void anOutputWithoutNumbersIsNoNumberAndOneOfZerosIsZero(Tile.Form form) {
    PackedGemm gemm = gemm(ALONE, form);
    Tensor a = random(3, 20);
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] weights = random(4, 20).toFloatArray();
      weights[25] = bad;
      Arrays.fill(weights, 40, 60, -0f);
      try (PackedWeights packed = packed(gemm, WeightFormat.INT8, Tensor.of(weights, 4, 20))) {
        Tensor c = Tensor.empty(DType.F32, Device.CPU, 3, 4);
        gemm.timesTransposed(matrix(a), packed.get(0), Segments.of(20), false, matrix(c));
        for (int row = 0; row < 3; row++) {
          float[] result = Arrays.copyOfRange(c.toFloatArray(), 4 * row, 4 * row + 4);
          assertThat(result[0]).isFinite().isNotZero();
          assertThat(result[1]).isNaN();
          assertThat(result[2]).isZero();
          assertThat(result[3]).isFinite().isNotZero();
        }
      }
    }
  }

  @Test
  void bf16RoundsTiesToEvenAndKeepsWhatIsNoNumber() {
    float[] values = {
      1f,
      1f + 0x1p-8f,
      1f + 0x3p-8f,
      -1f - 0x1p-8f,
      1f + 0x1.8p-8f,
      Float.MAX_VALUE,
      0f,
      -0f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MIN_VALUE
    };
    float[] expected = Tensor.of(values, values.length).to(DType.BF16).to(DType.F32).toFloatArray();
    for (int i = 0; i < values.length; i++) {
      assertThat(Bf16.bits(values[i])).isEqualTo(Float.floatToRawIntBits(expected[i]));
    }
    assertThat(Float.intBitsToFloat(Bf16.bits(Float.intBitsToFloat(0x7f800001)))).isNaN();
    assertThat(Float.intBitsToFloat(Bf16.bits(Float.intBitsToFloat(0xffffffff)))).isNaN();
  }

  @Test
  void weightsAreReadInPlaceFromMemoryOfOthers() {
    Tensor a = random(3, 140);
    Tensor w = random(50, 140);
    PackedGemm writer = gemm(ALONE, Tile.Form.ofThisMachine());
    PackedGemm reader = gemm(THREE, Tile.Form.ofThisMachine());
    PackedLayout layout = layout(writer, WeightFormat.F32, random(9, 20), w);
    try (Arena arena = Arena.ofConfined()) {
      Tensor region = Tensor.wrap(arena.allocate(layout.bytes(), 64), DType.I8, layout.bytes());
      try (PackedWeights written = PackedWeights.over(writer, layout, region)) {
        written.update(List.of(random(9, 20), w));
      }
      try (PackedWeights shared = PackedWeights.over(reader, layout, region)) {
        Tensor c = Tensor.empty(DType.F32, Device.CPU, 3, 50);
        reader.timesTransposed(matrix(a), shared.get(1), Segments.of(140), false, matrix(c));
        assertThat(c.toFloatArray()).isEqualTo(product(reader, a, w).toFloatArray());
      }
      assertThat(region.isClosed()).isFalse();
    }
  }

  @Test
  void memoryThatDoesNotFitItsLayoutIsRefused() {
    PackedGemm gemm = gemm(ALONE, Tile.Form.ofThisMachine());
    PackedLayout layout = layout(gemm, WeightFormat.F32, random(9, 20));
    try (Arena arena = Arena.ofConfined()) {
      var memory = arena.allocate(layout.bytes() + 64, 64);
      for (Tensor region :
          List.of(
              Tensor.wrap(memory, DType.I8, layout.bytes() - 1),
              Tensor.wrap(memory.asSlice(4), DType.I8, layout.bytes()),
              Tensor.wrap(memory, DType.F32, layout.bytes() / 4))) {
        assertThatThrownBy(() -> PackedWeights.over(gemm, layout, region))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("bytes=" + layout.bytes());
      }
      PackedLayout other = new PackedLayout(WeightFormat.F32, 6, layout.matrices());
      Tensor large = Tensor.wrap(memory, DType.I8, layout.bytes());
      assertThatThrownBy(() -> PackedWeights.over(gemm, other, large))
          .hasMessageContaining("columns=6");
    }
  }

  @Test
  void closedWeightsAreRefusedAndClosingTwiceDoesNothing() {
    PackedGemm gemm = gemm(ALONE, Tile.Form.ofThisMachine());
    PackedWeights packed = packed(gemm, WeightFormat.F32, random(9, 20));
    Tensor a = random(1, 20);
    Tensor c = Tensor.zeros(DType.F32, Device.CPU, 1, 9);
    packed.close();
    packed.close();
    assertThatThrownBy(
            () -> gemm.timesTransposed(matrix(a), packed.get(0), Segments.of(20), false, matrix(c)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> packed.update(List.of(random(9, 20))))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anUpdateOfOtherShapesIsRefused() {
    PackedGemm gemm = gemm(ALONE, Tile.Form.ofThisMachine());
    try (PackedWeights packed = packed(gemm, WeightFormat.F32, random(9, 20))) {
      assertThatThrownBy(() -> packed.update(List.of(random(20, 9))))
          .hasMessageContaining("expected=[9, 20]");
      assertThatThrownBy(() -> packed.update(List.of())).hasMessageContaining("weights=0");
    }
  }
}
