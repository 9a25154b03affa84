package dev.burnish.text;

import java.util.List;

/// The text of one completion as its tokens arrive, in pieces that may be shown at once: none ends
/// within a character, special tokens are left out, and a piece that may be the beginning of a stop
/// text is held back until it is known not to be. The pieces, joined, are the text up to the first
/// stop text. Not thread-safe.
public final class CompletionText {
  private final Tokenizer tokenizer;
  private final StreamingDecoder decoder;
  private final List<String> stop;
  private final StringBuilder text = new StringBuilder();
  private int shown;
  private boolean stopped;

  /// @param stop texts before the first of which the text ends
  public CompletionText(Tokenizer tokenizer, List<String> stop) {
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.stream();
    this.stop = List.copyOf(stop);
  }

  /// Takes the next token and returns what can be shown now, often nothing.
  public String append(int token) {
    if (stopped || tokenizer.isSpecial(token)) {
      return "";
    }
    text.append(decoder.append(token));
    return show(safeEnd());
  }

  /// Takes the end of the completion and returns the text that is left.
  public String finish() {
    if (stopped) {
      return "";
    }
    text.append(decoder.finish());
    int end = stopAt();
    return show(end < 0 ? text.length() : end);
  }

  private String show(int end) {
    String piece = text.substring(shown, end);
    shown = end;
    return piece;
  }

  /// The end of what cannot be part of a stop text. Everything before `shown` is known not to be.
  private int safeEnd() {
    int at = stopAt();
    if (at >= 0) {
      stopped = true;
      return at;
    }
    for (int begin = shown; begin < text.length(); begin++) {
      if (beginsStop(begin)) {
        return begin;
      }
    }
    return text.length();
  }

  private int stopAt() {
    return stop.stream()
        .mapToInt(wanted -> text.indexOf(wanted, shown))
        .filter(at -> at >= 0)
        .min()
        .orElse(-1);
  }

  /// Whether the text from there to its end is the beginning of a stop text.
  private boolean beginsStop(int begin) {
    String rest = text.substring(begin);
    return stop.stream().anyMatch(wanted -> wanted.startsWith(rest));
  }
}
