package dev.burnish.nn;

import java.util.List;

/// The shape of a decoder: sizes, blocks, positions.
///
/// @param eps of the final norm
/// @param tiedHead whether the head's matrix is the embedding
/// @param maxPositions tokens of the longest sequence
public record DecoderShape(
    int vocabulary,
    int hidden,
    List<BlockShape> blocks,
    double eps,
    boolean tiedHead,
    int maxPositions,
    RopeTables rope) {
  public DecoderShape {
    blocks = List.copyOf(blocks);
    if (vocabulary < 1 || hidden < 1 || blocks.isEmpty() || maxPositions < 1) {
      throw new IllegalArgumentException(
          "sizes are positive: vocabulary=%d hidden=%d blocks=%d maxPositions=%d"
              .formatted(vocabulary, hidden, blocks.size(), maxPositions));
    }
  }

  /// The same for longer or shorter sequences.
  public DecoderShape withMaxPositions(int positions) {
    return new DecoderShape(vocabulary, hidden, blocks, eps, tiedHead, positions, rope);
  }

  /// The same with a head whose matrix is not the embedding.
  public DecoderShape withOwnHead() {
    return new DecoderShape(vocabulary, hidden, blocks, eps, false, maxPositions, rope);
  }
}
