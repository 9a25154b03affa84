package dev.burnish.train;

import dev.burnish.nn.BlockShape;
import dev.burnish.nn.DecoderShape;

/// Bytes of the parts of a decoder, from its shape alone.
final class Sizes {
  private Sizes() {}

  static long parameterBytes(DecoderShape shape) {
    return embedding(shape)
        + shape.blocks().stream().mapToLong(Sizes::block).sum()
        + 4L * shape.hidden()
        + (shape.tiedHead() ? 0 : embedding(shape));
  }

  static long embedding(DecoderShape shape) {
    return 4L * shape.vocabulary() * shape.hidden();
  }

  static long largestPart(DecoderShape shape) {
    return Math.max(
        embedding(shape), shape.blocks().stream().mapToLong(Sizes::block).max().orElse(0));
  }

  /// Of one block's parameters.
  static long block(BlockShape b) {
    long h = b.hidden();
    long i = b.intermediate();
    long floats = 2 * h + b.columns() * h + b.heads().queryDim() * h + 3 * i * h;
    floats += b.queryKeyValueBias() ? b.columns() : 0;
    floats += b.outputBias() ? h : 0;
    floats += b.queryKeyNorm() ? 2L * b.heads().dim() : 0;
    floats += b.mlpBias() ? 2 * i + h : 0;
    return 4 * floats;
  }

  /// Most bytes of temporaries of one token in a block's backward.
  static long temporaries(BlockShape b) {
    long mlp = (long) b.intermediate() + b.hidden();
    long attention = (long) b.heads().queryDim() + b.columns();
    return 4 * Math.max(mlp, attention);
  }
}
