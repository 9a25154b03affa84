package dev.burnish.serve;

import dev.burnish.rollout.FinishReason;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes the answer to one request: in one object, or as the objects of its events. What the two
/// dialects have in common is here.
abstract sealed class AnswerWriter permits CompletionWriter, ChatWriter {
  private static final int LEAST_LOGPROB = -9999; // JSON has no infinities; vLLM writes the same

  /// The identity of an answer, the same in all its events.
  record Head(String id, String model, long created) {}

  private final Head head;
  final GenerationRequest request;
  final TokenTexts texts;

  AnswerWriter(Head head, GenerationRequest request, TokenTexts texts) {
    this.head = head;
    this.request = request;
    this.texts = texts;
  }

  /// The answer as a whole.
  ///
  /// @param sampled number of tokens
  final ObjectNode whole(List<Piece> choices, long sampled) {
    ObjectNode json = object(wholeName());
    ArrayNode list = json.putArray("choices");
    choices.forEach(piece -> list.add(choice(piece, true)));
    promptIds().ifPresent(ids -> json.set("prompt_token_ids", ids));
    json.set("usage", usage(sampled));
    return json;
  }

  /// The events before the first piece.
  abstract List<ObjectNode> opening();

  /// The event of a piece.
  final ObjectNode event(Piece piece, boolean first) {
    ObjectNode json = object(eventName());
    json.putArray("choices").add(delta(piece, first));
    if (request.format().delivery() == GenerationRequest.Delivery.STREAMED_WITH_USAGE) {
      json.putNull("usage");
    }
    return json;
  }

  /// The event after the last piece that has the usage.
  final ObjectNode usageEvent(long sampled) {
    ObjectNode json = object(eventName());
    json.putArray("choices");
    json.set("usage", usage(sampled));
    return json;
  }

  final String id() {
    return head.id();
  }

  abstract String wholeName();

  abstract String eventName();

  /// A choice of a whole answer.
  abstract ObjectNode choice(Piece piece, boolean first);

  /// A choice of an event.
  ///
  /// @param first whether it is the first of its choice
  abstract ObjectNode delta(Piece piece, boolean first);

  /// The ids of the prompt where the answer has them outside its choices.
  abstract Optional<ArrayNode> promptIds();

  final ObjectNode object(String name) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("id", head.id());
    json.put("object", name);
    json.put("created", head.created());
    json.put("model", head.model());
    return json;
  }

  private ObjectNode usage(long sampled) {
    long prompts = request.prompts().stream().mapToLong(prompt -> prompt.length).sum();
    ObjectNode usage = JsonMapper.shared().createObjectNode();
    usage.put("prompt_tokens", prompts);
    usage.put("completion_tokens", sampled);
    usage.put("total_tokens", prompts + sampled);
    return usage;
  }

  static void putEnding(ObjectNode choice, Piece piece) {
    choice.put("finish_reason", piece.ending().map(AnswerWriter::written).orElse(null));
  }

  private static String written(FinishReason reason) {
    return switch (reason) {
      case STOP, LENGTH -> reason.name().toLowerCase(Locale.ROOT);
      case ABORTED -> "abort";
    };
  }

  final void putTokenIds(ObjectNode choice, Piece piece) {
    if (request.format().tokenIds()) {
      ArrayNode ids = choice.putArray("token_ids");
      piece.tokens().sampled().forEach(token -> ids.add(token.id()));
    }
  }

  final ArrayNode ids(int[] tokens) {
    ArrayNode ids = JsonMapper.shared().createArrayNode();
    for (int token : tokens) {
      ids.add(token);
    }
    return ids;
  }

  /// A logprob as JSON can say it.
  static float finite(float logprob) {
    return Math.max(logprob, LEAST_LOGPROB);
  }
}
