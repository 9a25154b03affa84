package dev.burnish.kernel;

import dev.burnish.tensor.Tensor;

/// A prepared weight in its original layout.
record PlainWeight(Tensor weight) implements Kernels.PreparedWeight {}
