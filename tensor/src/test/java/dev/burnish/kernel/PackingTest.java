package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.kernel.PackedLayout.Shape;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Matrices of odd sizes on their way into packed memory and back.
class PackingTest {
  private final SplittableRandom random = new SplittableRandom(7);
  private final TensorScope scope = TensorScope.open();
  private final Seen seen = new Seen();

  @AfterEach
  void close() {
    scope.close();
  }

  private static final class Seen implements Packing.Watcher {
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @Override
    public void read(MemorySegment bytes) {
      read.writeBytes(bytes.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void written(MemorySegment bytes) {
      written.writeBytes(bytes.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private Tensor random(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, columns);
  }

  /// Memory with what must be overwritten.
  private static Tensor memory(PackedLayout layout) {
    Tensor memory = Tensor.empty(DType.I8, Device.CPU, layout.bytes());
    memory.fill_(77);
    return memory;
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.segment().toArray(ValueLayout.JAVA_BYTE);
  }

  private Tensor pack(PackedLayout layout, List<Tensor> matrices) {
    Tensor memory = memory(layout);
    for (int i = 0; i < matrices.size(); i++) {
      Packing.pack(layout, i, matrices.get(i).segment(), memory.segment(), seen);
    }
    return memory;
  }

  private static Tensor unpack(PackedLayout layout, int matrix, Tensor memory) {
    Shape shape = layout.matrices().get(matrix);
    Tensor values = Tensor.empty(DType.F32, Device.CPU, shape.outputs(), shape.inputs());
    Packing.unpack(layout, matrix, memory.segment(), values.segment());
    return values;
  }

  private static PackedLayout layout(WeightFormat format, int columns, List<Tensor> matrices) {
    return new PackedLayout(format, columns, matrices.stream().map(Shape::of).toList());
  }

  private List<Tensor> matrices() {
    return List.of(random(50, 140), random(1, 3), random(33, 65), random(64, 7));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 6, 8, 16, 32})
  void valuesInF32ComeBackWhateverTheWidthOfRegisters(int columns) {
    List<Tensor> matrices = matrices();
    PackedLayout layout = layout(WeightFormat.F32, columns, matrices);
    Tensor memory = pack(layout, matrices);
    for (int i = 0; i < matrices.size(); i++) {
      assertThat(bytes(unpack(layout, i, memory))).isEqualTo(bytes(matrices.get(i)));
    }
  }

  @Test
  void valuesInBf16ComeBackRounded() {
    List<Tensor> matrices = matrices();
    PackedLayout layout = layout(WeightFormat.BF16, 16, matrices);
    Tensor memory = pack(layout, matrices);
    for (int i = 0; i < matrices.size(); i++) {
      assertThat(unpack(layout, i, memory).toFloatArray())
          .isEqualTo(matrices.get(i).to(DType.BF16).to(DType.F32).toFloatArray());
    }
  }

  @Test
  void valuesInInt8ComeBackRounded() {
    List<Tensor> matrices = matrices();
    for (int columns : new int[] {2, 16, 32}) {
      PackedLayout layout = layout(WeightFormat.INT8, columns, matrices);
      Tensor memory = pack(layout, matrices);
      for (int i = 0; i < matrices.size(); i++) {
        float[] expected = matrices.get(i).toFloatArray();
        Int8.round(expected, Math.toIntExact(matrices.get(i).size(1)));
        float[] actual = unpack(layout, i, memory).toFloatArray();
        assertThat(actual).isEqualTo(expected);
        float[] exact = matrices.get(i).toFloatArray();
        for (int j = 0; j < exact.length; j++) {
          assertThat(actual[j]).isCloseTo(exact[j], within(6f / 254));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(WeightFormat.class)
  void memoryIsWrittenAsTheKernelsPackForThemselves(WeightFormat format) {
    List<Tensor> matrices = matrices();
    PackedLayout layout =
        PackedLayout.ofThisMachine(format, matrices.stream().map(Shape::of).toList());
    assertThat(layout.isOfThisMachine()).isTrue();
    Tensor own = memory(layout);
    own.fill_(0);
    try (PackedGemm gemm = new PackedGemm(new Team(1), Tile.Form.ofThisMachine());
        PackedWeights packed = PackedWeights.over(gemm, layout, own)) {
      packed.update(matrices);
    }
    assertThat(bytes(pack(layout, matrices))).isEqualTo(bytes(own));
  }

  @ParameterizedTest
  @EnumSource(WeightFormat.class)
  void theWatcherSeesAllValuesAndAllMemoryInOrder(WeightFormat format) {
    List<Tensor> matrices = matrices();
    Tensor memory = pack(layout(format, 6, matrices), matrices);
    assertThat(seen.written.toByteArray()).isEqualTo(bytes(memory));
    ByteArrayOutputStream values = new ByteArrayOutputStream();
    matrices.forEach(matrix -> values.writeBytes(bytes(matrix)));
    assertThat(seen.read.toByteArray()).isEqualTo(values.toByteArray());
  }

  @ParameterizedTest
  @EnumSource(WeightFormat.class)
  void oneOtherValueIsNoticed(WeightFormat format) {
    List<Tensor> matrices = matrices();
    PackedLayout layout = layout(format, 16, matrices);
    Tensor memory = pack(layout, matrices);
    for (int i = 0; i < matrices.size(); i++) {
      MemorySegment values = matrices.get(i).segment();
      assertThat(Packing.holds(layout, i, memory.segment(), values)).isTrue();
      long last = values.byteSize() - 4;
      for (long at : new long[] {0, last / 8 * 4, last}) {
        float before = values.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
        values.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, before + 1);
        assertThat(Packing.holds(layout, i, memory.segment(), values)).isFalse();
        values.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, before);
      }
    }
  }

  @Test
  void rowsOfAPackedTableAreThoseOfTheTable() {
    Tensor table = random(77, 45);
    int[] ids = {76, 0, 31, 32, 31, 33, 64, 15, 16, 47};
    Kernels kernels = Kernels.of(Device.CPU);
    for (WeightFormat format : WeightFormat.values()) {
      Tensor out = Tensor.empty(DType.F32, Device.CPU, ids.length, 45);
      Tensor expected = Tensor.empty(DType.F32, Device.CPU, ids.length, 45);
      try (Kernels.Prepared packed = kernels.prepare(List.of(Shape.of(table)), format);
          Kernels.Prepared plain = Kernels.reference().prepare(List.of(Shape.of(table)), format)) {
        packed.update(List.of(table));
        plain.update(List.of(table));
        kernels.gatherRows(packed.get(0), ids, out);
        Kernels.reference().gatherRows(plain.get(0), ids, expected);
        assertThat(bytes(out)).as("%s", format).isEqualTo(bytes(expected));
        assertThatThrownBy(() -> kernels.gatherRows(packed.get(0), new int[] {77}, out))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void memoryOfAnotherSizeIsRefused() {
    Tensor matrix = random(9, 20);
    PackedLayout layout = layout(WeightFormat.F32, 8, List.of(matrix));
    MemorySegment memory = memory(layout).segment();
    for (MemorySegment wrong :
        List.of(memory.asSlice(0, memory.byteSize() - 4), memory.asSlice(0, 0))) {
      assertThatThrownBy(() -> Packing.pack(layout, 0, matrix.segment(), wrong, seen))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("bytes=" + layout.bytes());
    }
    MemorySegment values = matrix.segment().asSlice(4);
    assertThatThrownBy(() -> Packing.unpack(layout, 0, memory, values))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void sizesThatNoMemoryHasAreNoNumbers() {
    Shape huge = new Shape(Integer.MAX_VALUE, Integer.MAX_VALUE);
    PackedLayout layout = new PackedLayout(WeightFormat.F32, 32, List.of(huge));
    assertThatThrownBy(layout::bytes).isInstanceOf(ArithmeticException.class);
    Shape one = new Shape(1, Integer.MAX_VALUE);
    PackedLayout wide = new PackedLayout(WeightFormat.F32, Integer.MAX_VALUE - 1, List.of(one));
    assertThatThrownBy(wide::bytes).isInstanceOf(ArithmeticException.class);
  }
}
