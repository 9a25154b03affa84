package dev.burnish.serve;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Answers of `/v1/completions`.
final class CompletionWriter extends AnswerWriter {
  CompletionWriter(Head head, GenerationRequest request, TokenTexts texts) {
    super(head, request, texts);
  }

  @Override
  String wholeName() {
    return "text_completion";
  }

  @Override
  String eventName() {
    return "text_completion";
  }

  @Override
  List<ObjectNode> opening() {
    return List.of();
  }

  @Override
  Optional<ArrayNode> promptIds() {
    return Optional.empty();
  }

  @Override
  ObjectNode delta(Piece piece, boolean first) {
    return choice(piece, first);
  }

  @Override
  ObjectNode choice(Piece piece, boolean first) {
    ObjectNode choice = JsonMapper.shared().createObjectNode();
    choice.put("index", piece.choice());
    choice.put("text", piece.added().text());
    if (request.format().topLogprobs().isPresent()) {
      choice.set("logprobs", logprobs(piece));
    } else {
      choice.putNull("logprobs");
    }
    putEnding(choice, piece);
    putTokenIds(choice, piece);
    if (first && request.format().tokenIds()) {
      choice.set("prompt_token_ids", ids(request.prompt(piece.choice())));
    }
    return choice;
  }

  private ObjectNode logprobs(Piece piece) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    ArrayNode offsets = json.putArray("text_offset");
    ArrayNode logprobs = json.putArray("token_logprobs");
    ArrayNode tokens = json.putArray("tokens");
    ArrayNode tops = json.putArray("top_logprobs");
    int offset = piece.tokens().textOffset();
    Echo echo = piece.tokens().echo();
    for (int i = 0; i < echo.tokens().length; i++) {
      int token = echo.tokens()[i];
      offsets.add(offset);
      offset += texts.length(token);
      tokens.add(texts.of(token));
      if (i == 0) {
        logprobs.addNull();
        tops.addNull();
      } else {
        logprobs.add(finite(echo.logprobs()[i - 1]));
        tops.addObject().put(texts.of(token), finite(echo.logprobs()[i - 1]));
      }
    }
    for (Piece.Token token : piece.tokens().sampled()) {
      offsets.add(offset);
      offset += texts.length(token.id());
      logprobs.add(finite(token.logprob()));
      tokens.add(texts.of(token.id()));
      putTop(tops.addObject(), token);
    }
    return json;
  }

  /// The most likely tokens, and the one that was drawn.
  private void putTop(ObjectNode json, Piece.Token token) {
    token
        .top()
        .ifPresent(top -> {
          for (int i = 0; i < top.tokens().length; i++) {
            json.put(texts.of(top.tokens()[i]), finite(top.logprobs()[i]));
          }
        });
    json.put(texts.of(token.id()), finite(token.logprob()));
  }
}
