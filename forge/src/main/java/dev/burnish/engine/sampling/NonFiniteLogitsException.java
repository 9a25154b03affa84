package dev.burnish.engine.sampling;

import java.io.Serial;

/// Logits of a token hold NaN or an infinity, so that none can be drawn.
public final class NonFiniteLogitsException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /// @param position of the token in its completion
  NonFiniteLogitsException(int position) {
    super(
        "a token is drawn from finite logits: position=%d logits=NaN or infinite"
            .formatted(position));
  }
}
