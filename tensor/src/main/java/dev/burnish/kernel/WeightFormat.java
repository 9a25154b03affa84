package dev.burnish.kernel;

/// How the elements of a prepared weight are kept. Products compute with them in single precision,
/// whatever their format.
public enum WeightFormat {
  /// As they are.
  F32(4),

  /// Rounded to the nearest BF16, ties to even: half the bytes, and a relative error of at most
  /// 2^-8 of each weight.
  BF16(2);

  private final int bytes;

  WeightFormat(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of an element.
  public int bytes() {
    return bytes;
  }
}
