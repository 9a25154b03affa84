package dev.burnish.text.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Python's `textwrap.wrap` of one line.
final class TextWrap {
  private static final Pattern CHUNK =
      Pattern.compile("[\\t\\n\\x0B\\f\\r ]+|[^\\t\\n\\x0B\\f\\r ]+");
  private static final Pattern HYPHENATED =
      Pattern.compile("[^-]*?\\w{2,}-(?=[\\p{L}_]{2})|.+", Pattern.UNICODE_CHARACTER_CLASS);

  private TextWrap() {}

  static List<String> wrap(String line, int width, boolean breakLong, boolean hyphens) {
    Deque<String> chunks = chunks(line, hyphens);
    List<String> lines = new ArrayList<>();
    while (!chunks.isEmpty()) {
      if (!lines.isEmpty() && chunks.getFirst().isBlank()) {
        chunks.removeFirst();
        continue;
      }
      List<String> current = fill(chunks, width, breakLong);
      if (!current.isEmpty() && current.getLast().isBlank()) {
        current.removeLast();
      }
      if (!current.isEmpty()) {
        lines.add(String.join("", current));
      }
    }
    return lines;
  }

  private static Deque<String> chunks(String line, boolean hyphens) {
    Deque<String> chunks = new ArrayDeque<>();
    Matcher chunk = CHUNK.matcher(line);
    while (chunk.find()) {
      Matcher part = HYPHENATED.matcher(chunk.group());
      if (!hyphens || chunk.group().isBlank()) {
        chunks.add(chunk.group());
      } else {
        while (part.find()) {
          chunks.add(part.group());
        }
      }
    }
    return chunks;
  }

  private static List<String> fill(Deque<String> chunks, int width, boolean breakLong) {
    List<String> line = new ArrayList<>();
    int length = 0;
    while (!chunks.isEmpty() && length + PyText.length(chunks.getFirst()) <= width) {
      String chunk = chunks.removeFirst();
      length += PyText.length(chunk);
      line.add(chunk);
    }
    if (!chunks.isEmpty() && PyText.length(chunks.getFirst()) > width) {
      String chunk = chunks.removeFirst();
      if (!breakLong) {
        if (line.isEmpty()) {
          line.add(chunk);
        } else {
          chunks.addFirst(chunk);
        }
      } else {
        int room = Math.max(1, width - length);
        line.add(PyText.substring(chunk, 0, room));
        chunks.addFirst(PyText.substring(chunk, room, PyText.length(chunk)));
      }
    }
    return line;
  }
}
