package dev.burnish.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.tensor.LargeMemory.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class LargeMemoryTest {
  private static final long GRAIN = 1 << 16;
  private static final long START = 1L << 30;
  private static final int ELEMENTS = 1 << 20;

  @Test
  void takesTheLowestGapThatIsLargeEnough() {
    LargeMemory memory = new LargeMemory(new Run(START, 100 * GRAIN));
    long a = memory.take(3 * GRAIN).orElseThrow();
    long b = memory.take(GRAIN).orElseThrow();
    long c = memory.take(5 * GRAIN - 1).orElseThrow();
    assertThat(List.of(a, b, c)).containsExactly(START, START + 3 * GRAIN, START + 4 * GRAIN);
    memory.give(a);
    memory.give(c);
    assertThat(memory.take(4 * GRAIN)).hasValue(START + 4 * GRAIN);
    assertThat(memory.take(2 * GRAIN)).hasValue(START);
    assertThat(memory.take(1)).hasValue(START + 2 * GRAIN);
  }

  @Test
  void gapsThatTouchBecomeOne() {
    LargeMemory memory = new LargeMemory(new Run(START, 6 * GRAIN));
    List<Long> pieces = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      pieces.add(memory.take(GRAIN).orElseThrow());
    }
    assertThat(memory.take(1)).isEmpty();
    for (int i : new int[] {0, 2, 4, 3, 5, 1}) {
      memory.give(pieces.get(i));
    }
    assertThat(memory.take(6 * GRAIN)).hasValue(START);
  }

  @Test
  void releasesThePagesOfGapsOnceAndLeavesThoseThatWereNeverTaken() {
    LargeMemory memory = new LargeMemory(new Run(START, 100 * GRAIN));
    long a = memory.take(3 * GRAIN).orElseThrow();
    long b = memory.take(GRAIN).orElseThrow();
    long c = memory.take(2 * GRAIN).orElseThrow();
    memory.give(a);
    memory.give(c);
    List<Run> released = new ArrayList<>();
    memory.release(released::add);
    assertThat(released).containsExactly(new Run(a, 3 * GRAIN), new Run(c, 2 * GRAIN));
    memory.give(b);
    released.clear();
    memory.release(released::add);
    assertThat(released).containsExactly(new Run(a, 4 * GRAIN));
    released.clear();
    memory.release(released::add);
    assertThat(released).isEmpty();
  }

  @Test
  void tensorsThatAreAliveKeepTheirValuesWhenFreedOnesAreReleased() {
    Tensor freed = Tensor.of(new float[ELEMENTS], ELEMENTS);
    float[] values = new float[ELEMENTS];
    Arrays.fill(values, 3);
    try (Tensor alive = Tensor.of(values, ELEMENTS)) {
      freed.close();
      LargeMemory.trim();
      assertThat(alive.toFloatArray()).isEqualTo(values);
    }
  }

  @Test
  void whatIsTakenNeverOverlaps() {
    Random random = new Random(7);
    LargeMemory memory = new LargeMemory(new Run(START, 64 * GRAIN));
    List<Run> taken = new ArrayList<>();
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      if (taken.isEmpty() || random.nextInt(5) < 3) {
        long bytes = 1 + random.nextLong(12 * GRAIN);
        var address = memory.take(bytes);
        if (address.isEmpty()) {
          refused++;
          continue;
        }
        Run run = new Run(address.getAsLong(), bytes);
        assertThat(run.start()).isGreaterThanOrEqualTo(START);
        assertThat(run.end()).isLessThanOrEqualTo(START + 64 * GRAIN);
        assertThat(taken)
            .noneMatch(other -> other.start() < run.end() && run.start() < other.end());
        taken.add(run);
      } else {
        memory.give(taken.remove(random.nextInt(taken.size())).start());
      }
    }
    assertThat(refused).isPositive();
    taken.forEach(run -> memory.give(run.start()));
    assertThat(memory.take(64 * GRAIN)).hasValue(START);
  }

  @Test
  void whatIsGivenTwiceOrWasNeverTakenIsRefused() {
    LargeMemory memory = new LargeMemory(new Run(START, 4 * GRAIN));
    long address = memory.take(GRAIN).orElseThrow();
    memory.give(address);
    assertThatThrownBy(() -> memory.give(address)).hasMessageContaining("given back once");
    assertThatThrownBy(() -> memory.give(START + 1)).hasMessageContaining("0x40000001");
  }

  @Test
  void aLargeTensorGetsTheMemoryThatAnotherLeft() {
    Assumptions.assumeTrue(LargeMemory.shared().isPresent(), "Linux only");
    long address;
    try (Tensor first = Tensor.empty(DType.F32, Device.CPU, ELEMENTS)) {
      first.fill_(3);
      address = first.address();
    }
    try (Tensor second = Tensor.empty(DType.F32, Device.CPU, ELEMENTS / 2, 2)) {
      assertThat(second.address()).isEqualTo(address);
      assertThat(second.shape()).containsExactly(ELEMENTS / 2, 2);
      assertThat(second.isContiguous()).isTrue();
    }
    try (Tensor zeros = Tensor.zeros(DType.F32, Device.CPU, ELEMENTS);
        Tensor sum = zeros.sum()) {
      assertThat(zeros.address()).isEqualTo(address);
      assertThat(sum.item()).isZero();
    }
  }

  @Test
  void aSparseTensorTakesTheMemoryOfThePagesThatAreWritten() throws IOException {
    Assumptions.assumeTrue(LargeMemory.shared().isPresent(), "Linux only");
    LargeMemory.trim();
    int rows = 64;
    try (Tensor sparse = Tensor.sparse(DType.F32, Device.CPU, rows, ELEMENTS)) {
      for (int row = 0; row < rows; row++) {
        try (Tensor one = sparse.narrow(0, row, 1).narrow(1, row, 1)) {
          one.fill_(row);
        }
      }
      assertThat(resident(sparse)).isBetween(rows * 4096L, 2 * rows * 4096L);
    }
  }

  /// Bytes of memory that a tensor has.
  private static long resident(Tensor tensor) throws IOException {
    long kilobytes = 0;
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
        inside = start >= tensor.address() && start < tensor.address() + tensor.numElements() * 4;
      } else if (inside && line.startsWith("Rss:")) {
        kilobytes += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return 1024 * kilobytes;
  }

  @Test
  void memoryStaysWhileAViewOfItDoes() {
    Tensor base = Tensor.empty(DType.F32, Device.CPU, ELEMENTS).fill_(5);
    Tensor view = base.narrow(0, 8, 4);
    base.close();
    try (Tensor other = Tensor.zeros(DType.F32, Device.CPU, ELEMENTS)) {
      assertThat(view.toFloatArray()).containsExactly(5, 5, 5, 5);
      assertThat(other.address()).isNotEqualTo(view.address() - 32);
    }
    view.close();
  }

  @Test
  void threadsGetMemoryOfTheirOwn() throws Exception {
    List<Future<Boolean>> results = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(4)) {
      for (int t = 0; t < 4; t++) {
        float mark = t + 1;
        results.add(threads.submit(() -> keepsItsMark(mark)));
      }
    }
    for (Future<Boolean> result : results) {
      assertThat(result.get()).isTrue();
    }
  }

  private static boolean keepsItsMark(float mark) {
    boolean kept = true;
    for (int i = 0; i < 50; i++) {
      try (Tensor tensor = Tensor.empty(DType.F32, Device.CPU, 300_000 + 1_000L * i)) {
        tensor.fill_(mark);
        float[] values = tensor.toFloatArray();
        Arrays.sort(values);
        kept &= values[0] == mark && values[values.length - 1] == mark;
      }
    }
    return kept;
  }
}
