package dev.burnish.tools;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.async.ByteArrayFeeder;
import tools.jackson.core.json.JsonFactory;

/// Finds the end of a JSON object whose characters come one at a time, and sees at once where it is
/// none. One thread.
final class ObjectScanner implements AutoCloseable {
  /// State of an object after a character.
  enum Progress {
    /// More must come.
    OPEN,
    /// It is the last one.
    WHOLE,
    /// No JSON object begins like this.
    BROKEN
  }

  private static final JsonFactory JSON = new JsonFactory();

  private final JsonParser parser =
      JSON.createNonBlockingByteArrayParser(ObjectReadContext.empty());
  private final StringBuilder character = new StringBuilder(2);
  private int depth;

  /// Whether a text is one JSON object, and nothing else.
  static boolean isObject(String text) {
    try (ObjectScanner scanner = new ObjectScanner()) {
      Progress progress = text.startsWith("{") ? Progress.OPEN : Progress.BROKEN;
      int length = 0;
      while (progress == Progress.OPEN && length < text.length()) {
        progress = scanner.append(text.charAt(length++));
      }
      return progress == Progress.WHOLE && length == text.length() && isParsed(text);
    }
  }

  /// The parser of characters as they come lets some pass that the other one refuses, such as a
  /// member without a value.
  private static boolean isParsed(String text) {
    try (JsonParser all = JSON.createParser(ObjectReadContext.empty(), text)) {
      all.nextToken();
      all.skipChildren();
      return true;
    } catch (JacksonException e) {
      return false;
    }
  }

  /// Takes the next character, the first of which is a brace.
  Progress append(char next) {
    character.append(next);
    if (Character.isHighSurrogate(next) && character.length() == 1) {
      return Progress.OPEN;
    }
    byte[] bytes = character.toString().getBytes(StandardCharsets.UTF_8);
    character.setLength(0);
    try {
      ((ByteArrayFeeder) parser.nonBlockingInputFeeder()).feedInput(bytes, 0, bytes.length);
      for (JsonToken token = parser.nextToken();
          token != JsonToken.NOT_AVAILABLE;
          token = parser.nextToken()) {
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        if (depth == 0) {
          return Progress.WHOLE;
        }
      }
      return Progress.OPEN;
    } catch (JacksonException e) {
      return Progress.BROKEN;
    }
  }

  @Override
  public void close() {
    parser.close();
  }
}
