package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;

/// Rotary position embedding in place: with halves `a` and `b` of a head, `a' = a cos - b sin`, `b'
/// = b cos + a sin`.
final class Rope {
  private Rope() {}

  static void apply(Team team, Matrix x, RopeTable table, int[] positions) {
    rotate(team, x, table, positions, false);
  }

  /// The transpose, which rotates back.
  static void applyBackward(Team team, Matrix x, RopeTable table, int[] positions) {
    rotate(team, x, table, positions, true);
  }

  private static void rotate(
      Team team, Matrix x, RopeTable table, int[] positions, boolean inverse) {
    int half = table.headDim() / 2;
    int heads = x.cols() / table.headDim();
    team.ranges(
        x.rows(),
        Math.max(1, 16_384 / x.cols()),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            int angles = positions[row] * half;
            for (int head = 0; head < heads; head++) {
              rotate(
                  x.row(row) + 4L * head * table.headDim(),
                  half,
                  table.cos(),
                  table.sin(),
                  angles,
                  inverse);
            }
          }
        });
  }

  private static void rotate(
      long x, int half, float[] cos, float[] sin, int angles, boolean inverse) {
    long second = x + 4L * half;
    int i = 0;
    for (; i < Lanes.bound(half); i += Lanes.WIDTH) {
      FloatVector c = FloatVector.fromArray(Lanes.SPECIES, cos, angles + i);
      FloatVector s = FloatVector.fromArray(Lanes.SPECIES, sin, angles + i);
      FloatVector a = Lanes.load(x, i);
      FloatVector b = Lanes.load(second, i);
      FloatVector bs = b.mul(s);
      FloatVector as = a.mul(s);
      FloatVector ac = a.mul(c);
      FloatVector bc = b.mul(c);
      Lanes.store(inverse ? ac.add(bs) : ac.sub(bs), x, i);
      Lanes.store(inverse ? bc.sub(as) : bc.add(as), second, i);
    }
    for (; i < half; i++) {
      float sign = inverse ? -1 : 1;
      float c = cos[angles + i];
      float s = sign * sin[angles + i];
      float a = Matrix.get(x + 4L * i);
      float b = Matrix.get(second + 4L * i);
      Matrix.set(x + 4L * i, a * c - b * s);
      Matrix.set(second + 4L * i, b * c + a * s);
    }
  }
}
