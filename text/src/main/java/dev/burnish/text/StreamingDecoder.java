package dev.burnish.text;

/// Turns the tokens of one generation into text as they arrive. The results of `append` and
/// `finish`, joined, equal the result of decoding all ids at once; no piece ends within a
/// character. Not thread-safe: one decoder belongs to one sequence.
public interface StreamingDecoder {
  /// Takes the next token and returns the text that is complete now, often empty.
  String append(int id);

  /// Returns the remaining text, broken characters as U+FFFD, and resets the decoder.
  String finish();
}
