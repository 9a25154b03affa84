package dev.burnish.tensor;

/// Where a tensor's memory is: the CPU, or the CUDA device of that index.
public sealed interface Device {
  Device CPU = new Cpu();

  static Device cuda(int index) {
    return new Cuda(index);
  }

  /// Host memory, usable by every kernel of ours.
  record Cpu() implements Device {
    @Override
    public String toString() {
      return "cpu";
    }
  }

  /// Memory of one CUDA device.
  record Cuda(int index) implements Device {
    public Cuda {
      if (index < 0) {
        throw new IllegalArgumentException("a CUDA device index is at least 0: index=" + index);
      }
    }

    @Override
    public String toString() {
      return "cuda:" + index;
    }
  }
}
