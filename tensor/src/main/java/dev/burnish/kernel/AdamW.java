package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// One fused AdamW update: decoupled decay, moments, bias correction and step in a single pass over
/// the memory. Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", in the order
/// of operations of torch.optim.AdamW.
final class AdamW {
  private AdamW() {}

  static void update(
      Team team, Kernels.AdamWStep step, long parameter, long gradient, long m, long v, int count) {
    float keep = (float) (1 - step.lr() * step.weightDecay());
    float stepSize = (float) (step.lr() / (1 - Math.pow(step.beta1(), (double) step.step())));
    float rootCorrection =
        (float) (1 / Math.sqrt(1 - Math.pow(step.beta2(), (double) step.step())));
    team.ranges(
        count,
        16_384,
        (from, to) -> {
          for (int i = from; i < to; i += Lanes.WIDTH) {
            VectorMask<Float> mask = Lanes.tail(i, to);
            FloatVector g = Lanes.load(gradient, i, mask).mul((float) step.gradScale());
            FloatVector first =
                Lanes.load(m, i, mask)
                    .mul((float) step.beta1())
                    .add(g.mul((float) (1 - step.beta1())));
            FloatVector second =
                Lanes.load(v, i, mask)
                    .mul((float) step.beta2())
                    .add(g.mul(g).mul((float) (1 - step.beta2())));
            Lanes.store(first, m, i, mask);
            Lanes.store(second, v, i, mask);
            FloatVector denominator = second.sqrt().mul(rootCorrection).add((float) step.eps());
            FloatVector updated =
                Lanes.load(parameter, i, mask).mul(keep).sub(first.mul(stepSize).div(denominator));
            Lanes.store(updated, parameter, i, mask);
          }
        });
  }
}
