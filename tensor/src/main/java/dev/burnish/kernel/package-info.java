/// The numeric operations of a decoder, forward and backward.
///
/// [Kernels] is the interface; `CpuKernels` runs F32 on the CPU with the Vector API and BLAS over a
/// [Team] of threads, and `TorchKernels` writes the same operations with libtorch for every other
/// device: it is also the reference that the CPU kernels are tested against.
@NullMarked
package dev.burnish.kernel;

import org.jspecify.annotations.NullMarked;
