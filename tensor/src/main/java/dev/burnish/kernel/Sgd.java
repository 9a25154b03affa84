package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Gradient descent with decay, momentum and look-ahead in a single pass over the memory, in the
/// order of operations of torch.optim.SGD.
final class Sgd {
  private Sgd() {}

  static void update(
      Team team, Kernels.SgdStep step, long parameter, long gradient, long m, int count) {
    float momentum = (float) step.momentum();
    team.ranges(
        count,
        16_384,
        (from, to) -> {
          for (int i = from; i < to; i += Lanes.WIDTH) {
            VectorMask<Float> mask = Lanes.tail(i, to);
            FloatVector p = Lanes.load(parameter, i, mask);
            FloatVector g =
                Lanes.load(gradient, i, mask)
                    .mul((float) step.gradScale())
                    .add(p.mul((float) step.weightDecay()));
            FloatVector direction = g;
            if (momentum != 0) {
              FloatVector velocity = Lanes.load(m, i, mask).mul(momentum).add(g);
              Lanes.store(velocity, m, i, mask);
              direction = step.nesterov() ? g.add(velocity.mul(momentum)) : velocity;
            }
            Lanes.store(p.sub(direction.mul((float) step.lr())), parameter, i, mask);
          }
        });
  }
}
