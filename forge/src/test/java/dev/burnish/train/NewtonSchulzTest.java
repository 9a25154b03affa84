package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.kernel.Kernels;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NewtonSchulzTest {
  private static final Kernels CPU = Kernels.of(Device.CPU);

  private static Tensor random(long seed, int... shape) {
    SplittableRandom random = new SplittableRandom(seed);
    int size = 1;
    long[] dims = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      size *= shape[i];
      dims[i] = shape[i];
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, dims);
  }

  @ParameterizedTest
  @CsvSource({"8, 8", "5, 40", "64, 24", "1, 7", "33, 32"})
  void newtonSchulzTurnsSingularValuesTowardsOne(int rows, int cols) {
    try (TensorScope _ = TensorScope.open()) {
      double[][] x = toMatrix(NewtonSchulz.orthogonalize(CPU, random(5, rows, cols), 10));
      // The Gram matrix of the shorter side: its diagonal is the mean of squared singular values.
      double[][] gram = rows <= cols ? times(x, transpose(x)) : times(transpose(x), x);
      double trace = 0;
      double offDiagonal = 0;
      for (int i = 0; i < gram.length; i++) {
        trace += gram[i][i];
        for (int j = 0; j < i; j++) {
          offDiagonal = Math.max(offDiagonal, Math.abs(gram[i][j]));
        }
      }
      assertThat(trace / gram.length).isBetween(0.45, 1.5);
      assertThat(offDiagonal).isLessThan(0.4);
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 4, 5", "6, 3, 5", "4, 4, 1"})
  void newtonSchulzFollowsTheFormulaInDoublePrecision(int rows, int cols, int iterations) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor g = random(9, rows, cols);
      double[][] actual = toMatrix(NewtonSchulz.orthogonalize(CPU, g, iterations));
      double[][] expected = formula(toMatrix(g), iterations);
      for (int i = 0; i < rows; i++) {
        assertThat(actual[i]).containsExactly(expected[i], within(1e-4));
      }
    }
  }

  /// zeropower_via_newtonschulz5 of github.com/KellerJordan/Muon.
  private static double[][] formula(double[][] g, int iterations) {
    boolean tall = g.length > g[0].length;
    double[][] x = tall ? transpose(g) : g;
    double norm = 0;
    for (double[] row : x) {
      for (double v : row) {
        norm += v * v;
      }
    }
    x = plus(1 / (Math.sqrt(norm) + 1e-7), x, 0, x);
    for (int i = 0; i < iterations; i++) {
      double[][] a = times(x, transpose(x));
      double[][] b = plus(-4.7750, a, 2.0315, times(a, a));
      x = plus(3.4445, x, 1, times(b, x));
    }
    return tall ? transpose(x) : x;
  }

  private static double[][] plus(double a, double[][] x, double b, double[][] y) {
    double[][] result = new double[x.length][x[0].length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x[0].length; j++) {
        result[i][j] = a * x[i][j] + b * y[i][j];
      }
    }
    return result;
  }

  private static double[][] times(double[][] x, double[][] y) {
    double[][] result = new double[x.length][y[0].length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < y[0].length; j++) {
        for (int k = 0; k < y.length; k++) {
          result[i][j] += x[i][k] * y[k][j];
        }
      }
    }
    return result;
  }

  private static double[][] transpose(double[][] x) {
    double[][] result = new double[x[0].length][x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x[0].length; j++) {
        result[j][i] = x[i][j];
      }
    }
    return result;
  }

  private static double[][] toMatrix(Tensor tensor) {
    float[] values = tensor.toFloatArray();
    int cols = Math.toIntExact(tensor.size(1));
    double[][] result = new double[values.length / cols][cols];
    for (int i = 0; i < values.length; i++) {
      result[i / cols][i % cols] = values[i];
    }
    return result;
  }
}
