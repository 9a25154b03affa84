package dev.burnish.serve;

import dev.burnish.rollout.FinishReason;
import dev.burnish.tools.ToolCall;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Answers of `/v1/chat/completions`.
final class ChatWriter extends AnswerWriter {
  private final int[] numCalls;

  ChatWriter(Head head, GenerationRequest request, TokenTexts texts) {
    super(head, request, texts);
    numCalls = new int[request.numChoices()];
  }

  @Override
  String wholeName() {
    return "chat.completion";
  }

  @Override
  String eventName() {
    return "chat.completion.chunk";
  }

  /// One event per choice, with its role.
  @Override
  List<ObjectNode> opening() {
    return IntStream.range(0, request.numChoices()).mapToObj(this::opening).toList();
  }

  private ObjectNode opening(int index) {
    ObjectNode json = object(eventName());
    ObjectNode choice = json.putArray("choices").addObject();
    choice.put("index", index);
    ObjectNode delta = choice.putObject("delta");
    delta.put("role", "assistant");
    delta.put("content", "");
    choice.putNull("logprobs");
    choice.putNull("finish_reason");
    if (index == 0) {
      promptIds().ifPresent(ids -> json.set("prompt_token_ids", ids));
    }
    return json;
  }

  @Override
  Optional<ArrayNode> promptIds() {
    return request.format().tokenIds() ? Optional.of(ids(request.prompt(0))) : Optional.empty();
  }

  @Override
  ObjectNode choice(Piece piece, boolean first) {
    ObjectNode choice = indexed(piece);
    ObjectNode message = choice.putObject("message");
    message.put("role", "assistant");
    if (piece.added().text().isEmpty() && !piece.added().calls().isEmpty()) {
      message.putNull("content");
    } else {
      message.put("content", piece.added().text());
    }
    putCalls(message, piece);
    return finish(choice, piece);
  }

  @Override
  ObjectNode delta(Piece piece, boolean first) {
    ObjectNode choice = indexed(piece);
    ObjectNode delta = choice.putObject("delta");
    if (!piece.added().text().isEmpty()) {
      delta.put("content", piece.added().text());
    }
    putCalls(delta, piece);
    return finish(choice, piece);
  }

  /// The calls of tools, each whole.
  private void putCalls(ObjectNode message, Piece piece) {
    if (piece.added().calls().isEmpty()) {
      return;
    }
    ArrayNode list = message.putArray("tool_calls");
    for (ToolCall called : piece.added().calls()) {
      int index = numCalls[piece.choice()]++;
      ObjectNode call = list.addObject();
      call.put("index", index);
      call.put("id", "call-%s-%d-%d".formatted(id(), piece.choice(), index));
      call.put("type", "function");
      ObjectNode function = call.putObject("function");
      function.put("name", called.name());
      function.put("arguments", called.arguments());
    }
  }

  private static ObjectNode indexed(Piece piece) {
    ObjectNode choice = JsonMapper.shared().createObjectNode();
    choice.put("index", piece.choice());
    return choice;
  }

  private ObjectNode finish(ObjectNode choice, Piece piece) {
    if (request.format().topLogprobs().isPresent()) {
      ArrayNode content = choice.putObject("logprobs").putArray("content");
      piece.tokens().sampled().forEach(token -> content.add(entry(token)));
    } else {
      choice.putNull("logprobs");
    }
    putEnding(choice, piece);
    if (piece.ending().equals(Optional.of(FinishReason.STOP)) && numCalls[piece.choice()] > 0) {
      choice.put("finish_reason", "tool_calls");
    }
    putTokenIds(choice, piece);
    return choice;
  }

  private ObjectNode entry(Piece.Token token) {
    ObjectNode entry = named(token.id(), token.logprob());
    ArrayNode list = entry.putArray("top_logprobs");
    token
        .top()
        .ifPresent(top -> {
          for (int i = 0; i < top.tokens().length; i++) {
            list.add(named(top.tokens()[i], top.logprobs()[i]));
          }
        });
    return entry;
  }

  private ObjectNode named(int id, float logprob) {
    ObjectNode entry = JsonMapper.shared().createObjectNode();
    entry.put("token", texts.of(id));
    entry.put("logprob", finite(logprob));
    ArrayNode bytes = entry.putArray("bytes");
    for (byte b : texts.tokenizer().decode(id).getBytes(StandardCharsets.UTF_8)) {
      bytes.add(b & 0xFF);
    }
    return entry;
  }
}
