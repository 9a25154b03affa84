package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Products that are cut into parts, by teams of several sizes, against sums in double precision.
class TiledGemmTest {
  private final Arena arena = Arena.ofConfined();
  private final Random random = new Random(1);

  @AfterEach
  void close() {
    arena.close();
  }

  private Matrix matrix(int rows, int cols) {
    int stride = cols + 3;
    MemorySegment memory = arena.allocate(4L * rows * stride, 64);
    for (long i = 0; i < (long) rows * stride; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return new Matrix(memory.address(), rows, cols, stride);
  }

  private interface Element {
    float at(Matrix m, int i, int j);
  }

  private static final Element PLAIN = (m, i, j) -> Matrix.get(m.row(i) + 4L * j);
  private static final Element TRANSPOSED = (m, i, j) -> PLAIN.at(m, j, i);

  private static void check(
      Matrix c, int inner, Matrix a, Element ofA, Matrix b, Element ofB, float[][] before) {
    for (int i = 0; i < c.rows(); i++) {
      for (int j = 0; j < c.cols(); j++) {
        double sum = before.length == 0 ? 0 : before[i][j];
        for (int p = 0; p < inner; p++) {
          sum += (double) ofA.at(a, i, p) * ofB.at(b, p, j);
        }
        assertThat((double) PLAIN.at(c, i, j)).isCloseTo(sum, within(1e-4));
      }
    }
  }

  private static float[][] copy(Matrix c) {
    float[][] values = new float[c.rows()][c.cols()];
    for (int i = 0; i < c.rows(); i++) {
      for (int j = 0; j < c.cols(); j++) {
        values[i][j] = PLAIN.at(c, i, j);
      }
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({"1,70,90,50", "2,70,90,50", "3,90,70,51", "3,13,17,600", "5,200,12,40", "2,1,33,9"})
  void everyPartIsComputedOnce(int threads, int m, int n, int k) {
    TiledGemm gemm = new TiledGemm(new Team(threads));
    Matrix x = matrix(m, k);
    Matrix w = matrix(n, k);
    Matrix y = matrix(m, n);
    for (boolean add : new boolean[] {false, true}) {
      float[][] before = add ? copy(y) : new float[0][];
      gemm.timesTransposed(x, w, add, y);
      check(y, k, x, PLAIN, w, TRANSPOSED, before);
      Matrix dx = matrix(m, k);
      before = add ? copy(dx) : new float[0][];
      gemm.times(y, w, add, dx);
      check(dx, n, y, PLAIN, w, PLAIN, before);
      Matrix dw = matrix(n, k);
      before = add ? copy(dw) : new float[0][];
      gemm.transposedTimes(y, x, add, dw);
      check(dw, m, y, TRANSPOSED, x, PLAIN, before);
    }
  }

  /// So that a run has the same bits with any share of the cores.
  @ParameterizedTest
  @CsvSource({"1500,200,60", "300,1000,90"})
  void threadsDoNotChangeBits(int m, int n, int k) {
    Matrix x = matrix(m, k);
    Matrix w = matrix(n, k);
    Matrix y = matrix(m, n);
    Matrix dw = matrix(n, k);
    TiledGemm alone = new TiledGemm(new Team(1));
    alone.timesTransposed(x, w, false, y);
    alone.transposedTimes(y, x, false, dw);
    float[][] forwards = copy(y);
    float[][] gradient = copy(dw);
    for (int threads = 2; threads <= 4; threads++) {
      TiledGemm gemm = new TiledGemm(new Team(threads));
      gemm.timesTransposed(x, w, false, y);
      gemm.transposedTimes(y, x, false, dw);
      assertThat(copy(y)).isDeepEqualTo(forwards);
      assertThat(copy(dw)).isDeepEqualTo(gradient);
    }
  }
}
