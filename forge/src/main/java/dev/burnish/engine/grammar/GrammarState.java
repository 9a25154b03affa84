package dev.burnish.engine.grammar;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A place in a structure: all the ways in which the text so far may have come there. Immutable as
/// seen from outside; what was computed once is kept. Thread-safe.
public final class GrammarState {
  private final Grammar grammar;
  private final boolean complete;
  private volatile long[] allowed = new long[0];

  /// At nodes that read a byte.
  final List<Grammar.Place> places;

  /// By byte, where it is known. Guarded by the grammar.
  final @Nullable GrammarState[] next = new GrammarState[256];

  GrammarState(Grammar grammar, List<Grammar.Place> places, boolean complete) {
    this.grammar = grammar;
    this.places = places;
    this.complete = complete;
  }

  /// Whether the text so far is a whole one, so that an end token may come.
  public boolean complete() {
    return complete;
  }

  /// The tokens that may come next, except end tokens: one bit per id, 64 per element, the lowest
  /// first. Must not be changed.
  public long[] allowed() {
    long[] known = allowed;
    if (known.length == 0) {
      known = grammar.allowed(this);
      allowed = known;
    }
    return known;
  }

  /// The state after a token.
  ///
  /// @throws IllegalArgumentException if the token may not come next
  public GrammarState after(int token) {
    return grammar.after(this, token);
  }
}
