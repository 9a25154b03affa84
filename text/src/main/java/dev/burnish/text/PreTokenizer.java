package dev.burnish.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// Cuts text into the words within which byte pairs are merged. Only steps whose meaning is known
/// exactly are supported: digits, byte level, and the regular expressions of published models.
final class PreTokenizer {
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String QWEN2 = LLAMA3.replace("\\p{N}{1,3}", "\\p{N}");
  private static final Set<String> KNOWN = Set.of(GPT2, LLAMA3, QWEN2);

  /// Takes a word given by its bounds.
  interface Sink {
    void accept(int start, int end);
  }

  /// Cuts a part of a text.
  private interface Step {
    void cut(String text, int start, int end, Sink sink);
  }

  private final List<Step> steps;

  private PreTokenizer(List<Step> steps) {
    this.steps = steps;
  }

  /// Reads a `pre_tokenizer` that ends in the byte level, or nothing where a part of it is unknown.
  static Optional<PreTokenizer> read(JsonNode node) {
    List<Step> steps = new ArrayList<>();
    boolean sequence = node.path("type").asString("").equals("Sequence");
    List<JsonNode> parts = new ArrayList<>();
    if (sequence) {
      node.path("pretokenizers").forEach(parts::add);
    } else {
      parts.add(node);
    }
    for (int i = 0; i < parts.size(); i++) {
      boolean last = i == parts.size() - 1;
      boolean byteLevel = parts.get(i).path("type").asString("").equals("ByteLevel");
      if (last != byteLevel || !read(parts.get(i), steps)) {
        return Optional.empty();
      }
    }
    return parts.isEmpty() ? Optional.empty() : Optional.of(new PreTokenizer(steps));
  }

  private static boolean read(JsonNode node, List<Step> steps) {
    return switch (node.path("type").asString("")) {
      case "Digits" -> {
        steps.add(digits(node.path("individual_digits").asBoolean(false)));
        yield true;
      }
      case "ByteLevel" -> {
        if (node.path("use_regex").asBoolean(true)) {
          steps.add(regex(GPT2));
        }
        yield !node.path("add_prefix_space").asBoolean(true);
      }
      case "Split" -> {
        String pattern = node.path("pattern").path("Regex").asString("");
        boolean known = KNOWN.contains(pattern);
        if (known) {
          steps.add(regex(pattern));
        }
        yield known
            && node.path("behavior").asString("").equals("Isolated")
            && !node.path("invert").asBoolean(true);
      }
      default -> false;
    };
  }

  private static Step regex(String source) {
    Pattern pattern = Pattern.compile(source, Pattern.UNICODE_CHARACTER_CLASS);
    return (text, start, end, sink) -> {
      Matcher matcher = pattern.matcher(text).region(start, end);
      while (matcher.find()) { // the patterns match every character: there are no gaps
        sink.accept(matcher.start(), matcher.end());
      }
    };
  }

  private static Step digits(boolean individual) {
    return (text, start, end, sink) -> {
      int from = start;
      boolean inDigits = false;
      for (int at = start; at < end; ) {
        int c = text.codePointAt(at);
        boolean digit = isNumeric(c);
        if (at > from && (digit != inDigits || (digit && individual))) {
          sink.accept(from, at);
          from = at;
        }
        inDigits = digit;
        at += Character.charCount(c);
      }
      if (end > from) {
        sink.accept(from, end);
      }
    };
  }

  private static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  /// Gives the words of a text to the sink, in order.
  void cut(String text, Sink sink) {
    cut(0, text, 0, text.length(), sink);
  }

  private void cut(int step, String text, int start, int end, Sink sink) {
    if (step == steps.size()) {
      sink.accept(start, end);
    } else {
      steps.get(step).cut(text, start, end, (from, to) -> cut(step + 1, text, from, to, sink));
    }
  }
}
