package dev.burnish.nn;

import java.util.List;

/// The shape of a decoder: sizes, blocks, positions.
///
/// @param eps of the final norm
/// @param head what it computes of the last hidden states
/// @param maxPositions tokens of the longest sequence
public record DecoderShape(
    int vocabulary,
    int hidden,
    List<BlockShape> blocks,
    double eps,
    HeadKind head,
    int maxPositions,
    RopeTables rope) {
  /// The kind of a head.
  public enum HeadKind {
    /// Logits of the vocabulary, by the matrix of the embedding.
    TIED,
    /// Logits of the vocabulary, by a matrix of its own.
    UNTIED,
    /// One number, the value of a critic.
    VALUE
  }

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
    return new DecoderShape(vocabulary, hidden, blocks, eps, head, positions, rope);
  }

  /// The same with another head.
  public DecoderShape withHead(HeadKind kind) {
    return new DecoderShape(vocabulary, hidden, blocks, eps, kind, maxPositions, rope);
  }

  /// Numbers that the head computes per row.
  public int headWidth() {
    return head == HeadKind.VALUE ? 1 : vocabulary;
  }
}
