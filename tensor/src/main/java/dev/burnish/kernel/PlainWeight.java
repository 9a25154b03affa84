package dev.burnish.kernel;

import dev.burnish.tensor.Tensor;

/// A prepared weight that is laid out as it was.
record PlainWeight(Tensor weight) implements Kernels.PreparedWeight {}
