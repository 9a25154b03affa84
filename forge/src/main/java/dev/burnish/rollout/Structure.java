package dev.burnish.rollout;

import java.util.List;

/// A form that the text of a completion must have. Tokens that would break it get no probability,
/// and an end token only where the text is whole: a completion that ends by [FinishReason#STOP] has
/// the form, one that is cut at its longest length may be a beginning of it.
public sealed interface Structure {
  /// Any text.
  record Free() implements Structure {}

  /// A JSON text that is valid under a JSON schema, written as JSON. A part of the keywords of
  /// draft 2020-12 is supported; any other is refused by its name.
  record JsonSchema(String schema) implements Structure {}

  /// A text that matches a regular expression as a whole.
  record Regex(String pattern) implements Structure {}

  /// One of some texts.
  record Choice(List<String> texts) implements Structure {
    public Choice {
      texts = List.copyOf(texts);
      if (texts.isEmpty() || texts.stream().anyMatch(String::isEmpty)) {
        throw new IllegalArgumentException(
            "a choice must have texts of at least one character: choice=%s; give at least one"
                .formatted(texts));
      }
    }
  }
}
