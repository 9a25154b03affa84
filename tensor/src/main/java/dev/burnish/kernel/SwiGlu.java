package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// `a = g sigmoid(g) u`. Backward, with `s = sigmoid(g)`: `du = da g s`, `dg = da u s (1 + g (1 -
/// s))`.
final class SwiGlu {
  private SwiGlu() {}

  static void forward(Team team, Matrix gateUp, Matrix out) {
    int width = out.cols();
    team.ranges(
        out.rows(),
        Math.max(1, 8_192 / width),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            forward(gateUp.row(row), gateUp.row(row) + 4L * width, out.row(row), width);
          }
        });
  }

  private static void forward(long gate, long up, long out, int count) {
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      FloatVector g = Lanes.load(gate, i);
      Lanes.store(g.mul(sigmoid(g)).mul(Lanes.load(up, i)), out, i);
    }
    if (i < count) {
      VectorMask<Float> mask = Lanes.tail(i, count);
      FloatVector g = Lanes.load(gate, i, mask);
      Lanes.store(g.mul(sigmoid(g)).mul(Lanes.load(up, i, mask)), out, i, mask);
    }
  }

  static void backward(Team team, Matrix da, Matrix gateUp) {
    int width = da.cols();
    team.ranges(
        da.rows(),
        Math.max(1, 8_192 / width),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            backward(da.row(row), gateUp.row(row), gateUp.row(row) + 4L * width, width);
          }
        });
  }

  private static void backward(long da, long gate, long up, int count) {
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      FloatVector d = Lanes.load(da, i);
      FloatVector g = Lanes.load(gate, i);
      FloatVector u = Lanes.load(up, i);
      FloatVector s = sigmoid(g);
      FloatVector gs = g.mul(s);
      Lanes.store(gs.mul(u), da, i);
      Lanes.store(d.mul(u).mul(derivative(s, gs)), gate, i);
      Lanes.store(d.mul(gs), up, i);
    }
    if (i < count) {
      VectorMask<Float> mask = Lanes.tail(i, count);
      FloatVector d = Lanes.load(da, i, mask);
      FloatVector g = Lanes.load(gate, i, mask);
      FloatVector u = Lanes.load(up, i, mask);
      FloatVector s = sigmoid(g);
      FloatVector gs = g.mul(s);
      Lanes.store(gs.mul(u), da, i, mask);
      Lanes.store(d.mul(u).mul(derivative(s, gs)), gate, i, mask);
      Lanes.store(d.mul(gs), up, i, mask);
    }
  }

  private static FloatVector derivative(FloatVector s, FloatVector gs) {
    return s.add(gs).sub(gs.mul(s));
  }

  private static FloatVector sigmoid(FloatVector x) {
    FloatVector one = FloatVector.broadcast(Lanes.SPECIES, 1f);
    return one.div(VectorMath.exp(x.neg()).add(1f));
  }
}
