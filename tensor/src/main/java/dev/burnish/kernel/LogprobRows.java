package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Log-probability of one id and entropy of softmax(scale z), for each row of logits.
///
/// With `p = softmax(scale z)` and `H` its entropy: `d logp_y / dz = scale (1_y - p)`, `d H / dz =
/// -scale p (log p + H)`. The forward leaves `p` in place of `z`, so that the backward needs no
/// second exponential.
final class LogprobRows {
  private LogprobRows() {}

  static void forward(
      Team team,
      Matrix logits,
      int[] ids,
      int offset,
      float scale,
      float[] logprobs,
      float[] entropy) {
    team.ranges(
        logits.rows(),
        1,
        (from, to) -> {
          double[] moments = new double[2];
          for (int row = from; row < to; row++) {
            long z = logits.row(row);
            float shift = scale * SoftmaxRows.max(z, logits.cols());
            float target = scale * Matrix.get(z + 4L * ids[offset + row]) - shift;
            SoftmaxRows.expAndMoments(z, logits.cols(), scale, shift, moments);
            double logSum = Math.log(moments[0]);
            SoftmaxRows.scale(z, logits.cols(), (float) (1 / moments[0]));
            logprobs[offset + row] = (float) (target - logSum);
            entropy[offset + row] = (float) (logSum - moments[1] / moments[0]);
          }
        });
  }

  static void backward(
      Team team,
      Matrix probabilities,
      int[] ids,
      int offset,
      float scale,
      float[] dLogprobs,
      float[] dEntropy,
      float[] entropy) {
    team.ranges(
        probabilities.rows(),
        1,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            long p = probabilities.row(row);
            float d = scale * dLogprobs[offset + row];
            float h = dEntropy.length == 0 ? 0 : scale * dEntropy[offset + row];
            if (h == 0) {
              SoftmaxRows.scale(p, probabilities.cols(), -d);
            } else {
              withEntropy(p, probabilities.cols(), -d, -h, entropy[offset + row]);
            }
            long target = p + 4L * ids[offset + row];
            Matrix.set(target, Matrix.get(target) + d);
          }
        });
  }

  /// `p = p (a + b (log p + H))`, 0 where p is 0.
  private static void withEntropy(long row, int count, float a, float b, float entropy) {
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      Lanes.store(withEntropy(Lanes.load(row, i), a, b, entropy), row, i);
    }
    if (i < count) {
      VectorMask<Float> mask = Lanes.tail(i, count);
      Lanes.store(withEntropy(Lanes.load(row, i, mask), a, b, entropy), row, i, mask);
    }
  }

  private static FloatVector withEntropy(FloatVector p, float a, float b, float entropy) {
    FloatVector log = VectorMath.log(p.max(Float.MIN_NORMAL));
    return p.mul(log.add(entropy).mul(b).add(a));
  }
}
