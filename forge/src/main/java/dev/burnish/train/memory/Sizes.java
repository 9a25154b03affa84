package dev.burnish.train.memory;

import dev.burnish.nn.BlockShape;
import dev.burnish.nn.DecoderShape;

/// Bytes of the parts of a decoder, from its shape alone.
public final class Sizes {
  private Sizes() {}

  /// Bytes of one block's parameters.
  private static long block(BlockShape b) {
    long h = b.hidden();
    long i = b.intermediate();
    long floats = 2 * h + b.columns() * h + b.heads().queryDim() * h + 3 * i * h;
    floats += b.queryKeyValueBias() ? b.columns() : 0;
    floats += b.outputBias() ? h : 0;
    floats += b.queryKeyNorm() ? 2L * b.heads().dim() : 0;
    floats += b.mlpBias() ? 2 * i + h : 0;
    return 4 * floats;
  }

  /// Floating-point operations of the products with weights for a forward and a backward: two and
  /// four for each weight and token, the head's at targets only. Work that is done twice to save
  /// memory does not count.
  public static double flops(DecoderShape shape, long tokens, long targets) {
    double blocks = shape.blocks().stream().mapToLong(Sizes::block).sum() / 4.0;
    double head = (double) shape.headWidth() * shape.hidden();
    return 6 * (blocks * tokens + head * targets);
  }

  /// Most bytes of temporaries of one token in a block's backward.
  public static long temporaries(BlockShape b) {
    long mlp = (long) b.intermediate() + b.hidden();
    long attention = (long) b.heads().queryDim() + b.columns();
    return 4 * Math.max(mlp, attention);
  }
}
