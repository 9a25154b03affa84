package dev.burnish.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A row to imitate.
public sealed interface SftExample {
  /// Only the completion is learned.
  record PromptCompletion(String prompt, String completion) implements SftExample {}

  /// Messages as chat templates take them: plain maps with `role` and `content`. The assistant's
  /// are learned, from message `promptMessages` on.
  record Conversation(
      List<Map<String, Object>> messages, List<Map<String, Object>> tools, int promptMessages)
      implements SftExample {
    public Conversation {
      messages = List.copyOf(messages);
      tools = List.copyOf(tools);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("a conversation has messages: messages=0");
      }
      for (Map<String, Object> message : messages) {
        if (!(message.get("role") instanceof String)) {
          throw new IllegalArgumentException(
              "a message has a role: its fields are " + message.keySet());
        }
      }
    }
  }

  /// Every token is learned.
  record PlainText(String text) implements SftExample {}

  /// Recognises the shape of a row by its fields: `messages` or `conversations`, `prompt` with
  /// `completion` or `response`, `question` with `answer`, `instruction` with `output`, or `text`.
  ///
  /// @throws IllegalArgumentException if it has none of these
  static SftExample of(Row row) {
    if (row.has("messages") || row.has("conversations")) {
      return new Conversation(messages(row), tools(row), 0);
    }
    if (row.has("prompt") && row.has("completion") && !row.isText("prompt")) {
      return chatCompletion(row);
    }
    if (row.has("prompt")) {
      return new PromptCompletion(
          row.text("prompt"), row.text(row.has("response") ? "response" : "completion"));
    }
    if (row.has("question")) {
      return new PromptCompletion(row.text("question"), row.text("answer"));
    }
    if (row.has("instruction")) {
      return instruction(row);
    }
    if (row.has("text")) {
      return new PlainText(row.text("text"));
    }
    throw new IllegalArgumentException(
        "a row has messages, prompt and completion, question and answer, instruction and output, or text: the fields are "
            + row.fields().propertyNames());
  }

  private static SftExample chatCompletion(Row row) {
    List<Map<String, Object>> messages = new ArrayList<>(row.objects("prompt"));
    int promptMessages = messages.size();
    messages.addAll(row.objects("completion"));
    return new Conversation(messages, tools(row), promptMessages);
  }

  private static SftExample instruction(Row row) {
    String input = row.has("input") ? row.text("input") : "";
    String prompt = row.text("instruction") + (input.isBlank() ? "" : "\n\n" + input);
    return new PromptCompletion(prompt, row.text("output"));
  }

  /// The tools that a conversation's model may call.
  static List<Map<String, Object>> tools(Row row) {
    return row.has("tools") ? row.objectsOrJson("tools") : List.of();
  }

  private static List<Map<String, Object>> messages(Row row) {
    return row.has("messages")
        ? row.objects("messages")
        : row.objects("conversations").stream().map(SftExample::fromShareGpt).toList();
  }

  private static Map<String, Object> fromShareGpt(Map<String, Object> turn) {
    Object from = turn.get("from");
    Object value = turn.get("value");
    if (from == null || value == null) {
      return turn;
    }
    String role =
        switch (from.toString()) {
          case "human" -> "user";
          case "gpt" -> "assistant";
          default -> from.toString();
        };
    return Map.of("role", role, "content", value);
  }
}
