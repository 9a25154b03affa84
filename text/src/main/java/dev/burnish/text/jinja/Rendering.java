package dev.burnish.text.jinja;

import java.util.List;

/// What a template wrote.
///
/// @param generated the parts written within `{% generation %}`
public record Rendering(String text, List<Span> generated) {}
