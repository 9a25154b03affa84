package dev.burnish.text;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// One turn of a conversation.
///
/// @param role the speaker: `system`, `user`, `assistant`, `tool`
/// @param content the text
/// @param fields further fields that the template reads, such as `tool_calls`, `reasoning_content`,
///   or a `content` that is a list of parts and then takes the place of the text: strings, numbers,
///   booleans, nulls, lists and maps of these
public record ChatMessage(String role, String content, Map<String, Object> fields) {
  public ChatMessage {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  public ChatMessage(String role, String content) {
    this(role, content, Map.of());
  }

  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }

  public static ChatMessage tool(String content) {
    return new ChatMessage("tool", content);
  }

  /// The message as the template sees it.
  Map<String, Object> asMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("role", role);
    map.put("content", content);
    map.putAll(fields);
    return map;
  }
}
