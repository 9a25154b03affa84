package dev.burnish.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// How elements are copied, in as few runs as there can be.
class StridedCopyTest {
  private static Box box(List<Long> offsets, List<Long> shape) {
    return new Box(offsets, shape);
  }

  @Test
  void rowsThatAreWholeOnBothSidesAreOneRun() {
    Box whole = Box.whole(List.of(8L, 3L, 5L));
    Box rows = box(List.of(2L, 0L, 0L), List.of(4L, 3L, 5L));
    StridedCopy copy = StridedCopy.of(rows, whole, rows);
    assertThat(copy.numRuns()).isEqualTo(1);
    assertThat(copy.run()).isEqualTo(60);
    assertThat(copy.sourceOffset()).isEqualTo(30);
    assertThat(copy.targetOffset()).isZero();
  }

  @Test
  void columnsAreOneRunPerRow() {
    Box whole = Box.whole(List.of(8L, 6L));
    Box columns = box(List.of(0L, 2L), List.of(8L, 2L));
    StridedCopy copy = StridedCopy.of(columns, whole, columns);
    assertThat(copy.run()).isEqualTo(2);
    assertThat(copy.numRuns()).isEqualTo(8);
  }

  /// Heads of 4 in the middle: the dims before them are one loop, those after them one run.
  @Test
  void neighbouringDimsAreJoined() {
    Box whole = Box.whole(List.of(2L, 3L, 8L, 5L, 7L));
    Box heads = box(List.of(0L, 0L, 4L, 0L, 0L), List.of(2L, 3L, 4L, 5L, 7L));
    StridedCopy copy = StridedCopy.of(heads, whole, heads);
    assertThat(copy.run()).isEqualTo(4 * 5 * 7);
    assertThat(copy.numRuns()).isEqualTo(6);
    assertThat(copy.numElements()).isEqualTo(heads.numElements());
  }

  @Test
  void everyElementGetsWhereItBelongsAndNoOtherIsWritten() {
    Box source = box(List.of(1L, 2L, 0L), List.of(4L, 5L, 6L));
    Box target = box(List.of(2L, 0L, 3L), List.of(7L, 6L, 5L));
    Box piece = box(List.of(2L, 3L, 3L), List.of(3L, 2L, 3L));
    int[] from = values(source);
    int[] to = new int[(int) target.numElements()];
    Arrays.fill(to, -1);
    StridedCopy.of(piece, source, target)
        .copy(MemorySegment.ofArray(from), MemorySegment.ofArray(to), Integer.BYTES);
    int[] expected = values(target);
    for (int i = 0; i < to.length; i++) {
      int x = expected[i] / 10_000;
      int y = expected[i] / 100 % 100;
      int z = expected[i] % 100;
      boolean within = x >= 2 && x < 5 && y >= 3 && y < 5 && z >= 3 && z < 6;
      assertThat(to[i]).as("at %d", expected[i]).isEqualTo(within ? expected[i] : -1);
    }
  }

  /// Each element is its indices in decimal.
  private static int[] values(Box box) {
    int[] values = new int[(int) box.numElements()];
    int next = 0;
    for (long x = box.start(0); x < box.end(0); x++) {
      for (long y = box.start(1); y < box.end(1); y++) {
        for (long z = box.start(2); z < box.end(2); z++) {
          values[next++] = (int) (x * 10_000 + y * 100 + z);
        }
      }
    }
    return values;
  }

  @Test
  void aScalarIsOneRunOfOneElement() {
    Box scalar = Box.whole(List.of());
    byte[] to = new byte[4];
    StridedCopy.of(scalar, scalar, scalar)
        .copy(MemorySegment.ofArray(new byte[] {1, 2, 3, 4}), MemorySegment.ofArray(to), 4);
    assertThat(to).containsExactly(1, 2, 3, 4);
  }
}
