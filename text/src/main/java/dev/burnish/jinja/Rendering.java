package dev.burnish.jinja;

import java.util.List;

/// The output of a template.
///
/// @param generated the parts written within `{% generation %}`
public record Rendering(String text, List<Part> generated) {
  /// A part of the text, in UTF-16 units: `start` inclusive, `end` exclusive.
  public record Part(int start, int end) {}
}
