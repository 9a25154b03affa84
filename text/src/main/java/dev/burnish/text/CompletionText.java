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
  private final int minTokens;
  private final StringBuilder text = new StringBuilder();
  private int numTokens;
  private int shown;
  private boolean stopped;

  /// @param stop texts before the first of which the text ends
  /// @param minTokens stop texts that are complete before so many tokens are there do not count
  public CompletionText(Tokenizer tokenizer, List<String> stop, int minTokens) {
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.stream();
    this.stop = List.copyOf(stop);
    this.minTokens = minTokens;
  }

  /// Takes the next token and returns what can be shown now, often nothing.
  public String append(int token) {
    numTokens++;
    if (stopped || tokenizer.isSpecial(token)) {
      return "";
    }
    int before = text.length();
    text.append(decoder.append(token));
    int at = stopAt(before);
    stopped = at >= 0;
    return show(stopped ? at : safeEnd());
  }

  /// Takes the end of the completion and returns the text that is left.
  public String finish() {
    if (stopped) {
      return "";
    }
    text.append(decoder.finish());
    return show(text.length());
  }

  private String show(int end) {
    String piece = text.substring(shown, end);
    shown = end;
    return piece;
  }

  /// The end of what cannot be part of a stop text. Everything before `shown` is known not to be.
  private int safeEnd() {
    for (int begin = shown; begin < text.length(); begin++) {
      if (beginsStop(begin)) {
        return begin;
      }
    }
    return text.length();
  }

  /// The beginning of a stop text that is complete since the text had that length, or -1.
  private int stopAt(int before) {
    return stop.stream()
        .mapToInt(wanted -> text.indexOf(wanted, Math.max(0, before - wanted.length() + 1)))
        .filter(at -> at >= 0 && numTokens >= minTokens)
        .min()
        .orElse(-1);
  }

  /// Whether the text from there to its end is the beginning of a stop text.
  private boolean beginsStop(int begin) {
    String rest = text.substring(begin);
    return stop.stream().anyMatch(wanted -> wanted.startsWith(rest));
  }
}
