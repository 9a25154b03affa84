package dev.burnish.data;

import java.util.List;
import java.util.Map;

/// A preferred and a rejected answer to one prompt.
public sealed interface PreferenceExample {
  record Text(String prompt, String chosen, String rejected) implements PreferenceExample {
    public Text {
      if (chosen.equals(rejected)) {
        throw new IllegalArgumentException(
            "the chosen and the rejected answer differ: chosen='%s'"
                .formatted(chosen.substring(0, Math.min(40, chosen.length()))));
      }
    }
  }

  /// Messages and tools as chat templates take them.
  record Chat(
      List<Map<String, Object>> prompt,
      List<Map<String, Object>> chosen,
      List<Map<String, Object>> rejected,
      List<Map<String, Object>> tools)
      implements PreferenceExample {
    /// Without tools.
    public Chat(
        List<Map<String, Object>> prompt,
        List<Map<String, Object>> chosen,
        List<Map<String, Object>> rejected) {
      this(prompt, chosen, rejected, List.of());
    }

    public Chat {
      tools = List.copyOf(tools);
      prompt = List.copyOf(prompt);
      chosen = List.copyOf(chosen);
      rejected = List.copyOf(rejected);
      if (chosen.equals(rejected)) {
        throw new IllegalArgumentException("the chosen and the rejected answer differ");
      }
    }
  }

  /// From `prompt`, `chosen` and `rejected`, texts or lists of messages. Without a prompt, the
  /// messages that both answers begin with are it. Messages may have `tools`.
  ///
  /// @throws IllegalArgumentException if a field is missing or the answers are equal
  static PreferenceExample of(Row row) {
    if (!row.has("chosen") || !row.has("rejected")) {
      throw new IllegalArgumentException(
          "a row has chosen and rejected, and a prompt where they are texts: the fields are "
              + row.fields().propertyNames());
    }
    if (row.isText("chosen")) {
      return new Text(row.text("prompt"), row.text("chosen"), row.text("rejected"));
    }
    var chosen = row.objects("chosen");
    var rejected = row.objects("rejected");
    var tools = SftExample.tools(row);
    int shared = sharedPrefix(chosen, rejected);
    if (row.has("prompt") && !row.isText("prompt")) {
      return new Chat(row.objects("prompt"), chosen, rejected, tools);
    }
    if (shared == 0 && row.isText("prompt")) {
      List<Map<String, Object>> prompt =
          List.of(Map.of("role", "user", "content", row.text("prompt")));
      return new Chat(prompt, chosen, rejected, tools);
    }
    return new Chat(
        chosen.subList(0, shared),
        chosen.subList(shared, chosen.size()),
        rejected.subList(shared, rejected.size()),
        tools);
  }

  private static int sharedPrefix(
      List<Map<String, Object>> first, List<Map<String, Object>> second) {
    int shared = 0;
    while (shared < Math.min(first.size(), second.size())
        && first.get(shared).equals(second.get(shared))) {
      shared++;
    }
    return shared;
  }
}
