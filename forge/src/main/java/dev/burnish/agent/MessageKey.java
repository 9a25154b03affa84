package dev.burnish.agent;

import dev.burnish.text.ChatMessage;
import dev.burnish.tools.ToolCall;
import dev.burnish.tools.ToolPart;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// By which a message of a client is known again. Clients send back an answer in their own words:
/// with other white space around its text, other ids of its calls and their arguments formatted
/// again, so that these do not count.
///
/// @param fields of messages that are no answers
record MessageKey(String role, String text, List<Call> calls, Map<String, Object> fields) {
  private static final String ASSISTANT = "assistant";
  private static final String CALLS = "tool_calls";

  /// A call of a tool.
  record Call(String name, JsonNode arguments) {}

  static MessageKey of(ChatMessage message) {
    return message.role().equals(ASSISTANT)
        ? new MessageKey(ASSISTANT, message.content().strip(), calls(message), Map.of())
        : new MessageKey(message.role(), message.content(), List.of(), message.fields());
  }

  /// An answer as clients are given it.
  static MessageKey of(List<ToolPart> answer) {
    StringBuilder text = new StringBuilder();
    List<Call> calls = new ArrayList<>();
    for (ToolPart part : answer) {
      switch (part) {
        case ToolPart.Text(String more) -> text.append(more);
        case ToolPart.Call(ToolCall call) ->
            calls.add(new Call(call.name(), parsed(call.arguments())));
      }
    }
    return new MessageKey(ASSISTANT, text.toString().strip(), calls, Map.of());
  }

  private static List<Call> calls(ChatMessage message) {
    List<Call> calls = new ArrayList<>();
    JsonNode json =
        JsonMapper.shared().valueToTree(message.fields().getOrDefault(CALLS, List.of()));
    for (JsonNode call : json) {
      JsonNode function = call.path("function");
      JsonNode arguments = function.path("arguments");
      calls.add(
          new Call(
              function.path("name").asString(""),
              arguments.isString() ? parsed(arguments.stringValue()) : arguments));
    }
    return calls;
  }

  private static JsonNode parsed(String arguments) {
    try {
      return JsonMapper.shared().readTree(arguments);
    } catch (JacksonException e) {
      return JsonMapper.shared().stringNode(arguments);
    }
  }
}
