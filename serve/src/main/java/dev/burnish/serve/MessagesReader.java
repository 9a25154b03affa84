package dev.burnish.serve;

import dev.burnish.agent.AgentRequest;
import dev.burnish.agent.AgentRequest.Wishes;
import dev.burnish.text.ChatMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads requests of Anthropic's `/v1/messages` into the messages of chat templates: results of
/// tools are messages of their own there, and calls a field of the assistant's. Source: Anthropic's
/// Messages API, version 2023-06-01.
final class MessagesReader {
  private final Fields fields;

  MessagesReader(Fields fields) {
    this.fields = fields;
  }

  /// Refuses a request without a length; counting does without one.
  void requireMaxTokens() {
    if (!fields.has("max_tokens")) {
      throw ApiError.invalid("max_tokens", "max_tokens must be there: a whole number above 0");
    }
  }

  AgentRequest read() {
    OptionalInt most = fields.integer("max_tokens", 1, Integer.MAX_VALUE);
    SessionFields common = new SessionFields(fields);
    return new AgentRequest(
        messages(),
        tools(),
        ChatReader.variables(fields),
        new Wishes(most, common.stop("stop_sequences"), common.seed(), 0));
  }

  private List<ChatMessage> messages() {
    List<ChatMessage> messages = new ArrayList<>();
    fields
        .value("system")
        .ifPresent(system -> messages.add(ChatMessage.system(text("system", system))));
    JsonNode json =
        fields
            .value("messages")
            .filter(value -> value.isArray() && !value.isEmpty())
            .orElseThrow(() ->
                ApiError.invalid("messages", "messages must be a list of at least one message"));
    for (int i = 0; i < json.size(); i++) {
      String name = "messages[" + i + "]";
      JsonNode message = fields.requireObject(name, json.path(i));
      switch (message.path("role").asString("")) {
        case "user" -> addUser(messages, name, message.path("content"));
        case "assistant" -> messages.add(assistant(name, message.path("content")));
        case "system" -> messages.add(ChatMessage.system(text(name, message.path("content"))));
        default ->
            throw ApiError.invalid(
                name + ".role",
                "%s.role must be user, assistant or system: role=%s"
                    .formatted(name, message.path("role")));
      }
    }
    return messages;
  }

  /// Results of tools, then the words of the user.
  private static void addUser(List<ChatMessage> messages, String name, JsonNode content) {
    if (!content.isArray()) {
      messages.add(ChatMessage.user(text(name, content)));
      return;
    }
    StringBuilder words = new StringBuilder();
    int before = messages.size();
    for (JsonNode block : content) {
      if (type(block).equals("tool_result")) {
        messages.add(result(name, block));
      } else {
        words.append(blockText(name, block));
      }
    }
    if (!words.isEmpty() || messages.size() == before) {
      messages.add(ChatMessage.user(words.toString()));
    }
  }

  private static ChatMessage result(String name, JsonNode block) {
    JsonNode content = block.path("content");
    String text = content.isMissingNode() || content.isNull() ? "" : text(name, content);
    return new ChatMessage(
        "tool", text, Map.of("tool_call_id", block.path("tool_use_id").asString("")));
  }

  private static ChatMessage assistant(String name, JsonNode content) {
    if (!content.isArray()) {
      return ChatMessage.assistant(text(name, content));
    }
    StringBuilder words = new StringBuilder();
    List<Map<String, Object>> calls = new ArrayList<>();
    for (JsonNode block : content) {
      switch (type(block)) {
        case "tool_use" -> calls.add(call(block));
        case "thinking", "redacted_thinking" -> {} // not of this policy, which has none apart
        default -> words.append(blockText(name, block));
      }
    }
    Map<String, Object> more = calls.isEmpty() ? Map.of() : Map.of("tool_calls", calls);
    return new ChatMessage("assistant", words.toString(), more);
  }

  private static Map<String, Object> call(JsonNode block) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", block.path("name").asString(""));
    function.put("arguments", JsonMapper.shared().treeToValue(block.path("input"), Object.class));
    Map<String, Object> call = new LinkedHashMap<>();
    call.put("id", block.path("id").asString(""));
    call.put("type", "function");
    call.put("function", function);
    return call;
  }

  private static String type(JsonNode block) {
    return block.path("type").asString("");
  }

  /// A text, or the texts of a list of blocks.
  private static String text(String name, JsonNode content) {
    if (content.isString()) {
      return content.stringValue();
    }
    if (!content.isArray()) {
      throw ApiError.invalid(name, "%s must have a text or a list of blocks".formatted(name));
    }
    StringBuilder text = new StringBuilder();
    content.forEach(block -> text.append(blockText(name, block)));
    return text.toString();
  }

  private static String blockText(String name, JsonNode block) {
    if (!type(block).equals("text") || !block.path("text").isString()) {
      throw ApiError.invalid(
          name,
          "%s must have blocks of text, calls of tools and their results alone: type=%s"
              .formatted(name, block.path("type")));
    }
    return block.path("text").stringValue();
  }

  /// The tools in the form that templates know. One that the server of the API would run itself has
  /// no schema, and is refused.
  private List<Map<String, Object>> tools() {
    String choice =
        fields.object("tool_choice").flatMap(object -> object.text("type")).orElse("auto");
    if (choice.equals("none")) {
      return List.of();
    }
    if (!choice.equals("auto")) {
      throw ApiError.invalid(
              "tool_choice",
              "tool_choice.type must be auto or none: the model decides whether it calls a tool: type="
                  + choice)
          .withCode("unsupported_parameter");
    }
    List<Map<String, Object>> tools = new ArrayList<>();
    fields
        .value("tools")
        .ifPresent(list ->
            list.forEach(tool ->
                tools.add(tool(new Fields(fields.requireObject("tools", tool), "tools.")))));
    return tools;
  }

  private static Map<String, Object> tool(Fields tool) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put(
        "name",
        tool.text("name").orElseThrow(() -> ApiError.invalid("tools", "a tool must have a name")));
    tool.text("description").ifPresent(text -> function.put("description", text));
    function.put(
        "parameters",
        tool.value("input_schema")
            .map(schema -> ChatReader.map(tool, "input_schema", schema))
            .orElseThrow(() ->
                ApiError.invalid(
                    "tools",
                    "a tool must have an input_schema: this server runs no tools itself")));
    return Map.of("type", "function", "function", function);
  }
}
