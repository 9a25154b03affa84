package dev.burnish.tools;

import dev.burnish.tools.ObjectScanner.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Tells calls that are malformed from text. Text counts as one where it has a mark of the format,
/// where an object begins it and calls may, where an object follows a call, and where it is a call
/// without its marks.
record Attempts(ToolFormat format) {
  private static final int SHOWN = 30;

  List<ToolAttempt> in(String answer) {
    List<ToolAttempt> attempts = new ArrayList<>();
    for (ToolPart part : format.parse(answer)) {
      switch (part) {
        case ToolPart.Call(ToolCall call) -> attempts.add(new ToolAttempt.Call(call));
        case ToolPart.Text(String text) -> attempts.addAll(malformed(text, attempts.isEmpty()));
      }
    }
    return attempts;
  }

  /// @param first whether no call is before it
  private List<ToolAttempt> malformed(String text, boolean first) {
    ToolFormat.Syntax syntax = format.syntax();
    List<ToolAttempt> found = new ArrayList<>();
    String marker = syntax.marker();
    int end = marker.isEmpty() ? -1 : text.indexOf(marker);
    String head = end < 0 ? text : text.substring(0, end);
    head(head, first).ifPresent(reason -> found.add(new ToolAttempt.Malformed(reason)));
    for (int at = end; at >= 0; ) {
      int next = text.indexOf(marker, at + marker.length());
      String body = text.substring(at + marker.length(), next < 0 ? text.length() : next);
      found.add(new ToolAttempt.Malformed(reason(body)));
      at = next;
    }
    return found;
  }

  /// The reason why text before the first mark is a malformed call, if it was meant as one.
  private Optional<String> head(String text, boolean first) {
    ToolFormat.Syntax syntax = format.syntax();
    if (first && ToolCall.read(text.strip()).isPresent()) {
      return Optional.of("a call must begin with %s".formatted(syntax.marker()));
    }
    boolean mayBegin = !first || syntax.start() == ToolFormat.Start.BEGINNING;
    String object = afterPunctuation(text);
    if (mayBegin && object.startsWith("{")) {
      return Optional.of(reason(object));
    }
    return syntax.close().length() > 1 && text.contains(syntax.close())
        ? Optional.of("%s must follow a call".formatted(syntax.close()))
        : Optional.empty();
  }

  private String afterPunctuation(String text) {
    String skipped = " \n\r\t" + format.syntax().list() + format.syntax().separators();
    int at = 0;
    while (at < text.length() && skipped.indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return text.substring(at);
  }

  private String reason(String body) {
    String object = afterPunctuation(body);
    if (!object.startsWith("{")) {
      return "a JSON object must follow, and there is " + shown(object);
    }
    try (ObjectScanner scanner = new ObjectScanner()) {
      for (int i = 0; i < object.length(); i++) {
        Progress progress = scanner.append(object.charAt(i));
        if (progress == Progress.BROKEN) {
          String before = object.substring(Math.max(0, i + 1 - SHOWN), i + 1);
          return "the JSON breaks after " + before;
        }
        if (progress == Progress.WHOLE) {
          return whole(object.substring(0, i + 1));
        }
      }
    }
    return "the JSON object is not closed";
  }

  private static String whole(String object) {
    try {
      JsonNode name = JsonMapper.shared().readTree(object).path("name");
      return !name.isString() || name.stringValue().isEmpty()
          ? "\"name\" must be the name of a tool"
          : "\"arguments\" must be an object";
    } catch (JacksonException e) {
      return "it is no JSON: " + e.getOriginalMessage();
    }
  }

  private static String shown(String text) {
    String stripped = text.strip();
    return stripped.isEmpty()
        ? "nothing"
        : stripped.substring(0, Math.min(SHOWN, stripped.length()));
  }
}
