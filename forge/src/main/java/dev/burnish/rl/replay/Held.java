package dev.burnish.rl.replay;

/// A group that a buffer holds.
///
/// @param position of the group in the data: the first is 0
/// @param version of the weights that made its oldest token
/// @param group the data that is trained on
public record Held<T>(long position, long version, T group) {
  /// @throws IllegalArgumentException if a number is negative
  public Held {
    if (position < 0 || version < 0) {
      throw new IllegalArgumentException(
          "a position and a version must not be negative: position=%d version=%d"
              .formatted(position, version));
    }
  }

  /// The same with something else of the group.
  <R> Held<R> with(R other) {
    return new Held<>(position, version, other);
  }
}
