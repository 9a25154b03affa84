package dev.burnish.bench;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.Prepared;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.Output;
import dev.burnish.kernel.PackedLayout.Shape;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The matrix products of one step of the 135 M model for some rows: all linear layers and the
/// head, whose weights no cache holds, by our packed kernels and by libtorch. Closing frees the
/// weights.
final class DecodeProducts implements AutoCloseable {
  private final Kernels kernels = Kernels.of(Device.CPU);
  private final List<Tensor> weights = new ArrayList<>();
  private final List<Prepared> packed = new ArrayList<>();

  DecodeProducts(Scale scale) {
    try (TensorScope scope = TensorScope.open()) {
      for (Shape shape : shapes(scale)) {
        Tensor weight =
            Tensor.empty(DType.F32, Device.CPU, shape.outputs(), shape.inputs()).fill_(0.5);
        weights.add(scope.keep(weight));
      }
    }
    for (WeightFormat format : WeightFormat.values()) {
      Prepared prepared = kernels.prepare(shapes(scale), format);
      packed.add(prepared);
      prepared.update(weights);
    }
  }

  private static List<Shape> shapes(Scale scale) {
    return switch (scale) {
      case FULL -> {
        List<Shape> block =
            List.of(
                new Shape(960, 576),
                new Shape(576, 576),
                new Shape(3072, 576),
                new Shape(576, 1536));
        yield Stream.concat(
                Stream.generate(() -> block).limit(30).flatMap(List::stream),
                Stream.of(new Shape(49152, 576)))
            .toList();
      }
      case TINY -> List.of(new Shape(70, 40), new Shape(40, 70));
    };
  }

  /// Numbers of rows: one or few sequences, a batch, and a piece of a prompt.
  static List<Integer> rows(Scale scale) {
    return switch (scale) {
      case FULL -> List.of(1, 8, 24, 48, 96, 192);
      case TINY -> List.of(1, 9);
    };
  }

  /// Elements of all weights.
  long parameters() {
    return weights.stream().mapToLong(Tensor::numElements).sum();
  }

  private double flops(int rows) {
    return 2.0 * rows * parameters();
  }

  /// GFLOP/s of each of some runs, after one that is not counted.
  @SuppressWarnings("EnumOrdinal") // one of each format, in their order
  List<Double> kernels(WeightFormat format, int rows, int runs) {
    Prepared prepared = packed.get(format.ordinal());
    return measure(
        rows,
        runs,
        (index, x, out) ->
            kernels.linear(x, prepared.get(index), null, out, Output.OVERWRITE, numerics(index)));
  }

  /// The same by libtorch with all threads.
  List<Double> libtorch(int rows, int runs) {
    return Sgemm.withThreadsOfOpenBlas(() ->
        measure(rows, runs, (index, x, _) -> x.matmul(weights.get(index).transpose(0, 1)).close()));
  }

  /// Of the matrices of a block, the second and the last have inputs that ranks divide.
  private Numerics numerics(int index) {
    boolean head = index == weights.size() - 1;
    return index % 2 == 1 && !head ? Numerics.DIVISIBLE : Numerics.BATCH_INVARIANT;
  }

  private interface Product {
    void compute(int index, Tensor x, Tensor out);
  }

  private List<Double> measure(int rows, int runs, Product product) {
    try (TensorScope _ = TensorScope.open()) {
      List<Tensor> inputs = weights.stream().map(w -> filled(rows, w.size(1))).toList();
      List<Tensor> outputs = weights.stream().map(w -> filled(rows, w.size(0))).toList();
      List<Double> seconds =
          Timing.seconds(
              1,
              runs,
              () -> {
                try (TensorScope _ = TensorScope.open()) {
                  for (int i = 0; i < weights.size(); i++) {
                    product.compute(i, inputs.get(i), outputs.get(i));
                  }
                }
              });
      return Timing.rates(flops(rows) / 1e9, seconds);
    }
  }

  private static Tensor filled(int rows, long cols) {
    return Tensor.empty(DType.F32, Device.CPU, rows, cols).fill_(0.5);
  }

  @Override
  public void close() {
    packed.forEach(Prepared::close);
    weights.forEach(Tensor::close);
  }
}
