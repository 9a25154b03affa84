package dev.burnish.nn;

/// A named parameter of a model and its shape.
///
/// @param name as in Hugging Face's files, such as `model.layers.0.mlp.down_proj.weight`
@SuppressWarnings("ArrayRecordComponent") // read only, by agreement
public record ParameterSpec(String name, long... shape) {
  /// Number of elements.
  ///
  /// @throws ArithmeticException if they exceed 2^31 - 1
  public int size() {
    return size(shape);
  }

  static int size(long[] shape) {
    long size = 1;
    for (long dim : shape) {
      size = Math.multiplyExact(size, dim);
    }
    return Math.toIntExact(size);
  }
}
