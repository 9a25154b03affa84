package dev.burnish.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The messages of a row in the form that chat templates take: maps with `role` and `content`,
/// whatever the data calls them. The field by which a message says whether it is learned becomes
/// `weight`, 0 or 1.
///
/// Source: the roles of ShareGPT as written by LLaMA-Factory and FastChat; `weight` of OpenAI and
/// Mistral, `train` of axolotl, `loss` of ms-swift.
final class Messages {
  /// The field of a message that says whether it is learned.
  static final String WEIGHT = "weight";

  /// The field of a message that holds its tool calls.
  static final String CALLS = "tool_calls";

  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};
  private static final String ASSISTANT = "assistant";
  private static final Set<String> CALL_ROLES = Set.of("function_call", "tool_call");
  private static final Map<String, String> ROLES =
      Map.ofEntries(
          Map.entry("system", "system"),
          Map.entry("developer", "developer"),
          Map.entry("user", "user"),
          Map.entry("human", "user"),
          Map.entry(ASSISTANT, ASSISTANT),
          Map.entry("gpt", ASSISTANT),
          Map.entry("chatgpt", ASSISTANT),
          Map.entry("bing", ASSISTANT),
          Map.entry("bard", ASSISTANT),
          Map.entry("model", ASSISTANT),
          Map.entry("function_call", ASSISTANT),
          Map.entry("tool_call", ASSISTANT),
          Map.entry("tool", "tool"),
          Map.entry("function", "tool"),
          Map.entry("observation", "tool"),
          Map.entry("function_response", "tool"),
          Map.entry("tool_response", "tool"),
          Map.entry("ipython", "ipython"));

  /// Fields that may stand in place of a content.
  private static final Set<String> INSTEAD_OF_CONTENT =
      Set.of(CALLS, "function_call", "reasoning_content", "reasoning", "thinking");

  /// Boolean fields that say whether a message is learned.
  private static final List<String> LEARNED =
      List.of(WEIGHT, "train", "training", "trainable", "loss", "loss_mask");

  /// Fields that say so in a way that is not supported here.
  private static final List<String> PARTLY_LEARNED =
      List.of(
          "train_detail",
          "training_detail",
          "train_mask",
          "loss_scale",
          "loss_weight",
          "mask",
          "masked",
          "completion_mask",
          "assistant_mask",
          "assistant_masks");

  private Messages() {}

  /// The messages of a field: a list of objects, or one object.
  static List<Map<String, Object>> of(Row row, String field) {
    if (row.fields().path(field).isObject()) {
      return List.of(message(JsonMapper.shared().convertValue(row.fields().get(field), MAP)));
    }
    return row.objects(field).stream().map(Messages::message).toList();
  }

  /// Checks that a row says through its messages alone which parts are learned.
  static void checkMasks(Row row) {
    for (String field : PARTLY_LEARNED) {
      refuse(row.has(field), field);
    }
    refuse(row.fields().path("loss_mask").isArray(), "loss_mask");
  }

  private static void refuse(boolean present, String field) {
    if (present) {
      throw new IllegalArgumentException(
          "what is learned is said by weight=0 or weight=1 of a message: the field '%s' is not known; rename or remove it"
              .formatted(field));
    }
  }

  /// Puts a row's separate system message before the messages, where they have none.
  static List<Map<String, Object>> withSystem(Row row, List<Map<String, Object>> messages) {
    Optional<String> system = system(row);
    boolean has = !messages.isEmpty() && "system".equals(messages.getFirst().get("role"));
    if (system.isEmpty() || has) {
      return messages;
    }
    List<Map<String, Object>> all = new ArrayList<>();
    all.add(turn("system", system.get()));
    all.addAll(messages);
    return all;
  }

  /// The text of a row's `system` or `system_prompt` that is not blank.
  static Optional<String> system(Row row) {
    String field = row.has("system") ? "system" : "system_prompt";
    return row.has(field)
        ? Optional.of(row.text(field)).filter(text -> !text.isBlank())
        : Optional.empty();
  }

  /// The turns of a row's `history`: a list of pairs of user and assistant texts.
  static List<Map<String, Object>> history(Row row) {
    List<Map<String, Object>> turns = new ArrayList<>();
    for (JsonNode pair : row.has("history") ? row.fields().get("history") : List.<JsonNode>of()) {
      if (pair.size() != 2 || !pair.path(0).isString() || !pair.path(1).isString()) {
        throw new IllegalArgumentException(
            "field 'history' is a list of pairs of texts: history has "
                + pair.getNodeType().name().toLowerCase(Locale.ROOT));
      }
      turns.add(turn("user", pair.path(0).stringValue()));
      turns.add(turn(ASSISTANT, pair.path(1).stringValue()));
    }
    return turns;
  }

  static Map<String, Object> turn(String role, String content) {
    return Map.of("role", role, "content", content);
  }

  static boolean isAssistant(Map<String, Object> message) {
    return ASSISTANT.equals(message.get("role"));
  }

  /// Whether a message says that it is not to be learned.
  static boolean isContext(Map<String, Object> message) {
    return Integer.valueOf(0).equals(message.get(WEIGHT));
  }

  private static Map<String, Object> message(Map<String, Object> original) {
    Map<String, Object> message = new LinkedHashMap<>(original);
    message.values().removeIf(Objects::isNull);
    rename(message, "from", "role");
    rename(message, "value", "content");
    if (!(message.get("role") instanceof String name)) {
      throw new IllegalArgumentException(
          "a message has a role: its fields are " + original.keySet());
    }
    message.put("role", role(name));
    content(message, original);
    if (CALL_ROLES.contains(name.toLowerCase(Locale.ROOT))) {
      call(message);
    }
    if (message.get("function_call") instanceof Map<?, ?> call && !message.containsKey(CALLS)) {
      message.remove("function_call");
      message.put(CALLS, List.of(Map.of("type", "function", "function", call)));
    }
    weight(message);
    return message;
  }

  private static void rename(Map<String, Object> message, String from, String to) {
    Object value = message.get(from);
    if (value != null && !message.containsKey(to)) {
      message.remove(from);
      message.put(to, value);
    }
  }

  private static String role(String name) {
    String role = ROLES.get(name.toLowerCase(Locale.ROOT));
    if (role == null) {
      throw new IllegalArgumentException(
          "a message is of the system, the user, the assistant or a tool: role=%s; rename it to one of %s"
              .formatted(name, ROLES.keySet().stream().sorted().toList()));
    }
    return role;
  }

  /// Reads a content: a text, parts of texts, or a form that only a template knows.
  private static void content(Map<String, Object> message, Map<String, Object> original) {
    Object content = message.get("content");
    if (content == null && message.keySet().stream().noneMatch(INSTEAD_OF_CONTENT::contains)) {
      throw new IllegalArgumentException(
          "a message has a content: its fields are " + original.keySet());
    }
    if (content instanceof Number || content instanceof Boolean) {
      throw new IllegalArgumentException(
          "a message's content is a text: role=%s content=%s"
              .formatted(message.get("role"), content));
    }
    if (content instanceof List<?> parts
        && !parts.isEmpty()
        && parts.stream().allMatch(Messages::isText)) {
      message.put(
          "content",
          String.join(
              "", parts.stream().map(part -> "" + ((Map<?, ?>) part).get("text")).toList()));
    }
  }

  private static boolean isText(Object part) {
    return part instanceof Map<?, ?> map
        && "text".equals(map.get("type"))
        && map.get("text") instanceof String;
  }

  /// Reads a tool call: one written as JSON is for the template, any other is the assistant's text.
  private static void call(Map<String, Object> message) {
    if (message.get("content") instanceof String text) {
      List<Map<String, Object>> calls = calls(text);
      if (!calls.isEmpty()) {
        message.put("content", "");
        message.put(CALLS, calls);
      }
    }
  }

  private static List<Map<String, Object>> calls(String text) {
    try {
      List<JsonText.Value> values = JsonText.values(text);
      JsonNode only = values.size() == 1 ? values.getFirst().node() : null;
      List<JsonNode> nodes =
          only == null ? List.of() : only.isArray() ? only.valueStream().toList() : List.of(only);
      boolean known = nodes.stream().allMatch(n -> n.path("name").isString() && n.has("arguments"));
      return known
          ? nodes.stream()
              .map(n ->
                  Map.of("type", "function", "function", JsonMapper.shared().convertValue(n, MAP)))
              .toList()
          : List.of();
    } catch (JsonText.Malformed e) {
      return List.of();
    }
  }

  /// Reduces the fields that say whether a message is learned to one, on messages of the assistant.
  private static void weight(Map<String, Object> message) {
    for (String field : PARTLY_LEARNED) {
      refuse(message.containsKey(field), field);
    }
    Optional<Boolean> learned = Optional.empty();
    for (String field : LEARNED) {
      Object value = message.remove(field);
      if (value != null) {
        boolean yes = yes(field, value);
        boolean other = !field.equals(WEIGHT) && yes && !isAssistant(message);
        if (other || learned.orElse(yes) != yes) {
          throw new IllegalArgumentException(
              "the turns of the assistant are learned, each or not: role=%s %s=%s; correct it, or set text.learned=ALL without such fields"
                  .formatted(message.get("role"), field, value));
        }
        learned = Optional.of(yes);
      }
    }
    if (isAssistant(message)) {
      learned.ifPresent(yes -> message.put(WEIGHT, yes ? 1 : 0));
    }
  }

  private static boolean yes(String field, Object value) {
    if (value instanceof Boolean yes) {
      return yes;
    }
    if (value instanceof Number number
        && (number.doubleValue() == 0 || number.doubleValue() == 1)) {
      return number.doubleValue() == 1;
    }
    throw new IllegalArgumentException(
        "a message is learned or not: %s=%s; give 0 or 1".formatted(field, value));
  }
}
