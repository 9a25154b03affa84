package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogitRowTest {
  private static float[] random(int count) {
    Random random = new Random(count);
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (4 * random.nextGaussian());
    }
    return x;
  }

  /// The second of two rows, so that it does not begin where memory does.
  private static void over(float[] x, Consumer<LogitRow> body) {
    try (Tensor rows = Tensor.of(twice(x), 2, x.length)) {
      body.accept(LogitRow.of(rows).get(1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 16, 31, 4096, 4097, 9001, 49152})
  void searchesLikeTheScalarReference(int count) {
    float[] x = random(count);
    over(
        x,
        row -> {
          float max = (float) IntStream.range(0, count).mapToDouble(i -> x[i]).max().orElseThrow();
          assertThat(row.count()).isEqualTo(count);
          assertThat(row.max()).isEqualTo(max);
          int[] ids = new int[count];
          for (float bound : new float[] {max, max / 2, 0, -100}) {
            int[] expected = IntStream.range(0, count).filter(i -> x[i] >= bound).toArray();
            int found = row.idsAtLeast(bound, ids);
            assertThat(Arrays.copyOf(ids, found)).containsExactly(expected);
            if (expected.length > 0) {
              assertThat(row.firstAtLeast(bound)).isEqualTo(expected[0]);
            }
          }
          assertThatThrownBy(() -> row.firstAtLeast(max + 1)).hasMessageContaining("bound=");
          assertThatThrownBy(() -> row.get(count)).isInstanceOf(IndexOutOfBoundsException.class);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 16, 31, 4096, 4097, 9001, 49152})
  void sumsAndInvertsLikeTheScalarReference(int count) {
    float[] x = random(count);
    over(
        x,
        row -> {
          LogitRow.ExpSums sums = new LogitRow.ExpSums(count);
          float shift = 0.5f * row.max();
          row.expSum(0.5f, shift, sums);
          double[] cumulated = new double[count];
          double sum = 0;
          for (int i = 0; i < count; i++) {
            sum += Math.exp(0.5 * x[i] - shift);
            cumulated[i] = sum;
          }
          assertThat(sums.total()).isCloseTo(sum, within(1e-5 * sum));
          for (int share = 0; share <= 100; share++) {
            double threshold = share / 100.0 * sums.total();
            int id = row.inverse(sums, threshold);
            assertThat(cumulated[id]).isGreaterThanOrEqualTo(threshold - 1e-5 * sum);
            assertThat(id == 0 ? 0 : cumulated[id - 1]).isLessThanOrEqualTo(threshold + 1e-5 * sum);
          }
          int[] ids = IntStream.range(0, count).filter(i -> i % 3 == 0).toArray();
          float[] weights = new float[count];
          row.exp(ids, ids.length, 0.5f, shift, weights);
          for (int i = 0; i < ids.length; i++) {
            double expected = Math.exp(0.5 * x[ids[i]] - shift);
            assertThat((double) weights[i]).isCloseTo(expected, within(1e-6 * expected + 1e-30));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 63, 64, 65, 4097})
  void keepsOnlyTheIdsWhoseBitIsSet(int count) {
    float[] x = random(count);
    long[] bits = new Random(1).longs(Math.max(1, (count - 1) / 64)).toArray();
    over(
        x,
        row -> {
          row.keepOnly(bits);
          for (int i = 0; i < count; i++) {
            boolean kept = i / 64 < bits.length && (bits[i / 64] >>> i & 1) == 1;
            assertThat(row.get(i)).isEqualTo(kept ? x[i] : Float.NEGATIVE_INFINITY);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 4096, 9001})
  void aLogprobOfItsSumHasTheBitsOfTheKernelOfLosses(int count) {
    float[] x = random(count);
    float[] logprobs = new float[2];
    float[] entropy = new float[2];
    int[] ids = {0, count / 2};
    over(
        x,
        row -> {
          LogitRow.ExpSums sums = new LogitRow.ExpSums(count);
          float shift = 0.7f * row.max();
          row.expSum(0.7f, shift, sums);
          try (Tensor copy = Tensor.of(twice(x), 2, count)) {
            CpuKernels.shared().logprobs(copy, ids, 0, 0.7f, logprobs, entropy);
          }
          for (int i = 0; i < 2; i++) {
            float target = 0.7f * x[ids[i]] - shift;
            assertThat((float) (target - Math.log(sums.total()))).isEqualTo(logprobs[i]);
          }
        });
  }

  private static float[] twice(float[] x) {
    float[] both = Arrays.copyOf(x, 2 * x.length);
    System.arraycopy(x, 0, both, x.length, x.length);
    return both;
  }
}
