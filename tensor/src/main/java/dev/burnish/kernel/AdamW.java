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
    Factors factors = Factors.of(step);
    team.ranges(
        count,
        16_384,
        (from, to) -> {
          int i = from;
          for (; i <= to - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector g = Lanes.load(gradient, i).mul(factors.gradScale());
            FloatVector first = factors.first(Lanes.load(m, i), g);
            FloatVector second = factors.second(Lanes.load(v, i), g);
            Lanes.store(first, m, i);
            Lanes.store(second, v, i);
            Lanes.store(factors.updated(Lanes.load(parameter, i), first, second), parameter, i);
          }
          if (i < to) {
            VectorMask<Float> mask = Lanes.tail(i, to);
            FloatVector g = Lanes.load(gradient, i, mask).mul(factors.gradScale());
            FloatVector first = factors.first(Lanes.load(m, i, mask), g);
            FloatVector second = factors.second(Lanes.load(v, i, mask), g);
            Lanes.store(first, m, i, mask);
            Lanes.store(second, v, i, mask);
            FloatVector updated = factors.updated(Lanes.load(parameter, i, mask), first, second);
            Lanes.store(updated, parameter, i, mask);
          }
        });
  }

  /// The factors that the updates of all elements share.
  private record Factors(
      float gradScale,
      float beta1,
      float share1,
      float beta2,
      float share2,
      float eps,
      float keep,
      float stepSize,
      float rootCorrection) {
    static Factors of(Kernels.AdamWStep step) {
      return new Factors(
          (float) step.gradScale(),
          (float) step.beta1(),
          (float) (1 - step.beta1()),
          (float) step.beta2(),
          (float) (1 - step.beta2()),
          (float) step.eps(),
          (float) (1 - step.lr() * step.weightDecay()),
          (float) (step.lr() / (1 - Math.pow(step.beta1(), (double) step.step()))),
          (float) (1 / Math.sqrt(1 - Math.pow(step.beta2(), (double) step.step()))));
    }

    FloatVector first(FloatVector m, FloatVector g) {
      return m.mul(beta1).add(g.mul(share1));
    }

    FloatVector second(FloatVector v, FloatVector g) {
      return v.mul(beta2).add(g.mul(g).mul(share2));
    }

    FloatVector updated(FloatVector parameter, FloatVector first, FloatVector second) {
      return parameter.mul(keep).sub(first.mul(stepSize).div(denominator(second)));
    }

    private FloatVector denominator(FloatVector second) {
      return second.sqrt().mul(rootCorrection).add(eps);
    }
  }
}
