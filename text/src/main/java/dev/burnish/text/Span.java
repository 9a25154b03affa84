package dev.burnish.text;

/// A part of a text, in UTF-16 units: `start` inclusive, `end` exclusive.
public record Span(int start, int end) {
  public Span {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException(
          "a span must have 0 <= start <= end: start=%d end=%d".formatted(start, end));
    }
  }
}
