package dev.burnish.serve;

import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.ChatTemplateException;
import dev.burnish.tools.ToolFormat;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Reads the conversation of a request and writes it by the model's chat template.
final class ChatReader {
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};
  private static final Set<String> OWN = Set.of("role", "content");

  private final Optional<ChatTemplate> template;

  ChatReader(Optional<ChatTemplate> template) {
    this.template = template;
  }

  /// The conversation as text, up to where the assistant begins.
  ///
  /// @throws ApiError if there is no template, or it refuses the conversation
  String render(Fields fields) {
    ChatTemplate form =
        template.orElseThrow(() ->
            ApiError.invalid(
                "messages",
                "a chat needs a model with a chat template, and this one has none; use /v1/completions"));
    try {
      return form.render(messages(fields), options(fields));
    } catch (ChatTemplateException e) {
      throw ApiError.invalid(
          "messages", "the model's chat template refuses the messages: " + e.getMessage());
    }
  }

  /// How the model writes calls of the tools that a request has, if it knows of tools.
  Optional<ToolFormat> calls(Fields fields) {
    return toolChoice(fields).equals("none") || tools(fields).isEmpty()
        ? Optional.empty()
        : template.flatMap(ToolFormat::of);
  }

  /// The messages of a request.
  static List<ChatMessage> messages(Fields fields) {
    JsonNode json =
        fields
            .value("messages")
            .filter(value -> value.isArray() && !value.isEmpty())
            .orElseThrow(() ->
                ApiError.invalid("messages", "messages must be a list of at least one message"));
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < json.size(); i++) {
      String name = "messages[" + i + "]";
      messages.add(message(fields.requireObject(name, json.path(i)), name));
    }
    return messages;
  }

  private static ChatMessage message(ObjectNode json, String name) {
    Fields fields = new Fields(json, name + ".");
    String role =
        fields.text("role").orElseThrow(() -> ApiError.invalid(name, name + " must have a role"));
    Map<String, Object> others = new LinkedHashMap<>();
    json.properties()
        .forEach(field -> {
          if (!OWN.contains(field.getKey()) && !field.getValue().isNull()) {
            others.put(field.getKey(), plain(field.getKey(), field.getValue()));
          }
        });
    return new ChatMessage(role, content(fields, name), others);
  }

  /// A text, or the texts of a list of parts.
  private static String content(Fields fields, String name) {
    JsonNode content = fields.value("content").orElse(JsonMapper.shared().stringNode(""));
    if (!content.isArray()) {
      return fields.text("content").orElse("");
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      if (!part.path("type").asString("").equals("text") || !part.path("text").isString()) {
        throw ApiError.invalid(
            name + ".content",
            "%s.content must have parts of type=text alone: part=%s"
                .formatted(name, part.path("type")));
      }
      text.append(part.path("text").stringValue());
    }
    return text.toString();
  }

  /// The arguments of a call travel as a text that is JSON; templates expect the object.
  private static Object plain(String name, JsonNode value) {
    if (!name.equals("tool_calls") || !value.isArray()) {
      return JsonMapper.shared().treeToValue(value, Object.class);
    }
    JsonNode calls = value.deepCopy();
    for (JsonNode call : calls) {
      if (call.path("function") instanceof ObjectNode function
          && function.path("arguments").isString()) {
        function.set("arguments", arguments(function.path("arguments")));
      }
    }
    return JsonMapper.shared().treeToValue(calls, Object.class);
  }

  private static JsonNode arguments(JsonNode text) {
    try {
      return JsonMapper.shared().readTree(text.stringValue());
    } catch (JacksonException e) {
      return text;
    }
  }

  private static ChatOptions options(Fields fields) {
    return ChatOptions.defaults()
        .withGenerationPrompt(true)
        .withVariables(variables(fields))
        .withTools(offered(fields));
  }

  /// Variables of the template.
  static Map<String, Object> variables(Fields fields) {
    return fields
        .value("chat_template_kwargs")
        .map(value -> map(fields, "chat_template_kwargs", value))
        .orElse(Map.of());
  }

  /// The tools that the model may call.
  static List<Map<String, Object>> offered(Fields fields) {
    String choice = toolChoice(fields);
    if (!choice.equals("auto") && !choice.equals("none")) {
      throw ApiError.invalid(
              "tool_choice",
              "tool_choice must be auto or none: the model decides whether it calls a tool")
          .withCode("unsupported_parameter");
    }
    return choice.equals("none") ? List.of() : tools(fields);
  }

  private static String toolChoice(Fields fields) {
    return fields
        .value("tool_choice")
        .map(value -> value.isString() ? value.stringValue() : "named")
        .orElse("auto");
  }

  private static List<Map<String, Object>> tools(Fields fields) {
    List<Map<String, Object>> tools = new ArrayList<>();
    fields
        .value("tools")
        .ifPresent(list -> {
          if (!list.isArray()) {
            throw fields.wrong("tools", "a list of tools", list);
          }
          list.forEach(tool -> tools.add(map(fields, "tools", tool)));
        });
    return tools;
  }

  static Map<String, Object> map(Fields fields, String name, JsonNode value) {
    return JsonMapper.shared().convertValue(fields.requireObject(name, value), MAP);
  }
}
