package dev.burnish.kernel;

/// How the elements of a prepared weight are kept. Products compute with them in single precision,
/// whatever their format.
public enum WeightFormat {
  /// As they are.
  F32(4),

  /// Rounded to the nearest BF16, ties to even: half the bytes, and a relative error of at most
  /// 2^-8 of each weight.
  BF16(2),

  /// Whole numbers from -127 to 127 times a scale of their output: a quarter of the bytes, and an
  /// error of at most 1/254 of the output's largest weight.
  INT8(1);

  private final int bytes;

  WeightFormat(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of an element.
  public int bytes() {
    return bytes;
  }
}
