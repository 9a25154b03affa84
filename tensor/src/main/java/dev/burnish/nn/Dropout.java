package dev.burnish.nn;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The elements dropped in a pass: a function of the pass, the module and the element, so that the
/// backward and recomputed activations drop the same ones as the forward.
///
/// @param rate share of the elements that are dropped; 0 outside training
/// @param key of the pass
record Dropout(double rate, long key) {
  static final Dropout NONE = new Dropout(0, 0);

  boolean drops() {
    return rate > 0;
  }

  /// `x` with elements dropped and the others scaled up, a new tensor; `x` itself without dropout.
  Tensor apply(Tensor x_TK, String module) {
    if (!drops()) {
      return x_TK;
    }
    Tensor mask_TK = Tensor.empty(DType.F32, Device.CPU, x_TK.shape());
    fill(mask_TK.segment(), KeyedRandom.bits(key, module, 0));
    return mask_TK.to(x_TK.device()).mul(x_TK);
  }

  private void fill(MemorySegment mask, long moduleKey) {
    float kept = (float) (1 / (1 - rate));
    long threshold = (long) (rate * (1L << 53));
    for (long i = 0; i < mask.byteSize() / Float.BYTES; i++) {
      boolean drop = KeyedRandom.mix(moduleKey + KeyedRandom.mix(i)) >>> 11 < threshold;
      mask.setAtIndex(ValueLayout.JAVA_FLOAT, i, drop ? 0 : kept);
    }
  }
}
