package dev.burnish.env.tools;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;

/// The part of a text with the most different words of a query: the first of those.
///
/// @param words of the query
record Snippets(Analyzer analyzer, Set<String> words) {
  private static final int LENGTH = 240;

  /// Of a long text, the part that is looked at.
  private static final int LOOKED_AT = 200_000;

  /// A word of the query in a text.
  private record Found(String word, int start) {}

  static Snippets of(Analyzer analyzer, String query) throws IOException {
    Set<String> words = new HashSet<>();
    try (TokenStream tokens = analyzer.tokenStream("text", query)) {
      CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.add(term.toString());
      }
      tokens.end();
    }
    return new Snippets(analyzer, words);
  }

  String in(String text) throws IOException {
    int start = Math.max(0, best(text) - LENGTH / 8);
    int end = Math.min(text.length(), start + LENGTH);
    start = wordStart(text, start);
    String part = text.substring(start, wordStart(text, end)).strip().replaceAll("\\s+", " ");
    return (start > 0 ? "... " : "") + part + (end < text.length() ? " ..." : "");
  }

  /// The place of the first word of the best part.
  private int best(String text) throws IOException {
    int best = 0;
    int most = 0;
    Deque<Found> window = new ArrayDeque<>();
    String head = text.substring(0, Math.min(text.length(), LOOKED_AT));
    try (TokenStream tokens = analyzer.tokenStream("text", head)) {
      CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
      OffsetAttribute offset = tokens.addAttribute(OffsetAttribute.class);
      tokens.reset();
      while (most < words.size() && tokens.incrementToken()) {
        if (words.contains(term.toString())) {
          window.add(new Found(term.toString(), offset.startOffset()));
          while (!window.isEmpty()
              && window.getFirst().start() < offset.endOffset() - LENGTH * 3 / 4) {
            window.removeFirst();
          }
          int different = (int) window.stream().map(Found::word).distinct().count();
          if (different > most) {
            most = different;
            best = window.getFirst().start();
          }
        }
      }
    }
    return best;
  }

  /// The beginning of the word that a place is in; a place in a long run without spaces stays.
  private static int wordStart(String text, int place) {
    int space = place;
    while (space > 0
        && space < text.length()
        && place - space < 30
        && !Character.isWhitespace(text.charAt(space - 1))) {
      space--;
    }
    return space > 0 && space < text.length() && place - space < 30 ? space : place;
  }
}
