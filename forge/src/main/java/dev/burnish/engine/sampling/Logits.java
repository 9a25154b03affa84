package dev.burnish.engine.sampling;

import dev.burnish.kernel.LogitRow;
import org.jspecify.annotations.Nullable;

/// The logits of one next token while a [LogitsProcessor] may change them.
public final class Logits {
  private @Nullable LogitRow row;

  Logits(LogitRow row) {
    this.row = row;
  }

  /// The number of tokens of the vocabulary.
  public int count() {
    return open().count();
  }

  /// @throws IndexOutOfBoundsException if no token has that id
  public float get(int id) {
    return open().get(id);
  }

  /// @param value minus infinity so that the token is not drawn
  /// @throws IndexOutOfBoundsException if no token has that id
  public void set(int id, float value) {
    open().set(id, value);
  }

  /// @throws IndexOutOfBoundsException if no token has that id
  public void add(int id, float value) {
    set(id, get(id) + value);
  }

  private LogitRow open() {
    if (row == null) {
      throw new IllegalStateException(
          "logits must be used during the call that passes them; copy what is needed later");
    }
    return row;
  }

  /// Their memory is used otherwise from now on.
  void close() {
    row = null;
  }
}
