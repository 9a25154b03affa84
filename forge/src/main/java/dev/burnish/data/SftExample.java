package dev.burnish.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

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
  /// A `system` text and a `history` of pairs make a prompt and its answer a conversation.
  ///
  /// @throws IllegalArgumentException if it has none of these
  static SftExample of(Row row) {
    Messages.checkMasks(row);
    if (row.has("messages") || row.has("conversations")) {
      String field = row.has("messages") ? "messages" : "conversations";
      return new Conversation(Messages.withSystem(row, Messages.of(row, field)), tools(row), 0);
    }
    checkLabel(row);
    if (row.has("prompt") && row.has("completion") && !row.isText("prompt")) {
      return chatCompletion(row);
    }
    if (row.has("prompt")) {
      return answered(
          row, row.text("prompt"), row.text(row.has("response") ? "response" : "completion"));
    }
    if (row.has("question")) {
      return answered(row, row.text("question"), row.text("answer"));
    }
    if (row.has("instruction")) {
      return answered(row, instruction(row), row.text("output"));
    }
    if (row.has("text")) {
      return new PlainText(row.text("text"));
    }
    throw new IllegalArgumentException(
        "a row has messages, prompt and completion, question and answer, instruction and output, or text: the fields are "
            + row.fields().propertyNames());
  }

  /// Refuses to imitate an answer that is marked as a bad one.
  private static void checkLabel(Row row) {
    for (String field : List.of("label", "kto_tag")) {
      JsonNode label = row.fields().path(field);
      if (label.isBoolean() && !label.booleanValue()) {
        throw new IllegalArgumentException(
            "a row to imitate has a good answer: %s=false; leave such rows out, or skip bad rows"
                .formatted(field));
      }
    }
  }

  private static SftExample chatCompletion(Row row) {
    List<Map<String, Object>> messages =
        new ArrayList<>(Messages.withSystem(row, Messages.of(row, "prompt")));
    int promptMessages = messages.size();
    messages.addAll(Messages.of(row, "completion"));
    return new Conversation(messages, tools(row), promptMessages);
  }

  private static SftExample answered(Row row, String prompt, String answer) {
    List<Map<String, Object>> history = Messages.history(row);
    if (history.isEmpty() && Messages.system(row).isEmpty()) {
      return new PromptCompletion(prompt, answer);
    }
    List<Map<String, Object>> messages = new ArrayList<>(history);
    messages.add(Messages.turn("user", prompt));
    messages.add(Messages.turn("assistant", answer));
    return new Conversation(Messages.withSystem(row, messages), tools(row), 0);
  }

  /// The text that a row with an `instruction` asks: that, and its `input`.
  static String instruction(Row row) {
    String input = row.has("input") ? row.text("input") : "";
    return row.text("instruction") + (input.isBlank() ? "" : "\n\n" + input);
  }

  /// The tools that a conversation's model may call.
  static List<Map<String, Object>> tools(Row row) {
    return row.has("tools") ? row.objectsOrJson("tools") : List.of();
  }
}
