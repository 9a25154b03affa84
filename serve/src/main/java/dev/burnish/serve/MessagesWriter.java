package dev.burnish.serve;

import dev.burnish.agent.AgentCall;
import dev.burnish.agent.ChatFormat;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.tools.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Writes one answer of Anthropic's `/v1/messages`: in one object, or as the objects of its events.
/// Source: Anthropic's Messages API, version 2023-06-01.
final class MessagesWriter {
  private final String id = unique("msg_");
  private final String model;
  private final AgentCall call;
  private final List<String> stops;
  private final ChatFormat format;

  /// @param stops texts that the request has
  MessagesWriter(String model, AgentCall call, List<String> stops, ChatFormat format) {
    this.model = model;
    this.call = call;
    this.stops = stops;
    this.format = format;
  }

  private static String unique(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }

  static ObjectNode typed(String type) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("type", type);
    return json;
  }

  /// `{"type": "error", "error": {"type": ..., "message": ...}}`
  static ObjectNode error(ApiError error) {
    ObjectNode json = typed("error");
    ObjectNode inner = json.putObject("error");
    inner.put(
        "type",
        switch (error.kind()) {
          case INVALID, UNSUPPORTED, MEDIA_TYPE -> "invalid_request_error";
          case UNAUTHORIZED -> "authentication_error";
          case FORBIDDEN -> "permission_error";
          case NOT_FOUND -> "not_found_error";
          case TOO_LARGE -> "request_too_large";
          case OVERLOADED -> "rate_limit_error";
          case INTERNAL -> "api_error";
          case STOPPING -> "overloaded_error";
        });
    inner.put("message", String.valueOf(error.getMessage()));
    return json;
  }

  /// The answer as a whole.
  ObjectNode whole(Completion said) {
    Piece.Added added = added(said);
    ObjectNode json = message();
    blocks(added).forEach(block -> json.withArray("content").add(block));
    putEnding(json, said, added);
    putUsage(json, said.tokens().length);
    return json;
  }

  private ObjectNode message() {
    ObjectNode json = typed("message");
    json.put("id", id);
    json.put("role", "assistant");
    json.put("model", model);
    json.putArray("content");
    json.putNull("stop_reason");
    json.putNull("stop_sequence");
    return json;
  }

  private Piece.Added added(Completion said) {
    return Piece.whole(0, said, Echo.NONE, call.tools()).added();
  }

  private static List<ObjectNode> blocks(Piece.Added added) {
    List<ObjectNode> blocks = new ArrayList<>();
    if (!added.text().isEmpty() || added.calls().isEmpty()) {
      ObjectNode text = typed("text");
      text.put("text", added.text());
      blocks.add(text);
    }
    for (ToolCall called : added.calls()) {
      ObjectNode use = typed("tool_use");
      use.put("id", unique("toolu_"));
      use.put("name", called.name());
      use.set("input", JsonMapper.shared().readTree(called.arguments()));
      blocks.add(use);
    }
    return blocks;
  }

  private void putEnding(ObjectNode json, Completion said, Piece.Added added) {
    Optional<String> stop = stopText(said);
    json.put(
        "stop_reason",
        said.finish() != FinishReason.STOP
            ? "max_tokens"
            : !added.calls().isEmpty()
                ? "tool_use"
                : stop.isPresent() ? "stop_sequence" : "end_turn");
    json.put("stop_sequence", stop.orElse(null));
  }

  /// The text that ended an answer: the one that follows what is left of it.
  private Optional<String> stopText(Completion said) {
    String whole = format.tokenizer().decode(said.tokens(), true);
    return said.finish() == FinishReason.STOP && whole.startsWith(said.text())
        ? stops.stream().filter(stop -> whole.startsWith(stop, said.text().length())).findFirst()
        : Optional.empty();
  }

  private void putUsage(ObjectNode json, int sampled) {
    ObjectNode usage = json.putObject("usage");
    usage.put("input_tokens", call.prompt().length);
    usage.put("output_tokens", sampled);
  }

  /// The first event.
  ObjectNode start() {
    ObjectNode json = typed("message_start");
    ObjectNode message = message();
    putUsage(message, 0);
    json.set("message", message);
    return json;
  }

  /// The events after it.
  List<ObjectNode> rest(Completion said) {
    List<ObjectNode> events = new ArrayList<>();
    Piece.Added added = added(said);
    List<ObjectNode> blocks = blocks(added);
    for (int i = 0; i < blocks.size(); i++) {
      events.add(indexed("content_block_start", i, "content_block", empty(blocks.get(i))));
      events.add(indexed("content_block_delta", i, "delta", delta(blocks.get(i))));
      ObjectNode stop = typed("content_block_stop");
      stop.put("index", i);
      events.add(stop);
    }
    ObjectNode end = typed("message_delta");
    putEnding(end.putObject("delta"), said, added);
    putUsage(end, said.tokens().length);
    events.add(end);
    events.add(typed("message_stop"));
    return events;
  }

  private static ObjectNode indexed(String type, int index, String name, JsonNode value) {
    ObjectNode json = typed(type);
    json.put("index", index);
    json.set(name, value);
    return json;
  }

  /// A block of which nothing is told yet.
  private static ObjectNode empty(ObjectNode block) {
    ObjectNode empty = block.deepCopy();
    if (block.has("text")) {
      empty.put("text", "");
    } else {
      empty.putObject("input");
    }
    return empty;
  }

  private static ObjectNode delta(ObjectNode block) {
    if (block.has("text")) {
      ObjectNode delta = typed("text_delta");
      delta.put("text", block.path("text").stringValue());
      return delta;
    }
    ObjectNode delta = typed("input_json_delta");
    delta.put("partial_json", block.path("input").toString());
    return delta;
  }
}
