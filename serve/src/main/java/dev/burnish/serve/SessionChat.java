package dev.burnish.serve;

import dev.burnish.agent.AgentCall;
import dev.burnish.agent.AgentSession;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.serve.GenerationRequest.Delivery;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/// OpenAI's chat completions of a session. An answer is made whole, so that a stream has it in one
/// piece, after signs of life.
final class SessionChat {
  static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);

  private final ClientDeadline deadline;

  SessionChat(ClientDeadline deadline) {
    this.deadline = deadline;
  }

  /// `POST /v1/chat/completions`
  void answer(AgentSession session, Fields fields, ServerResponse response) {
    AgentCall call = SessionFields.begin(session, new SessionFields(fields).chat(session));
    GenerationRequest request = request(call, fields);
    ChatWriter writer =
        new ChatWriter(
            head(fields),
            request,
            new TokenTexts(session.format().tokenizer(), request.format().namesTokensById()));
    if (request.format().delivery() == Delivery.WHOLE) {
      whole(call, writer, response);
    } else {
      stream(call, request, writer, response);
    }
  }

  private static AnswerWriter.Head head(Fields fields) {
    String id = "chatcmpl-" + UUID.randomUUID().toString().replace("-", "");
    return new AnswerWriter.Head(
        id, fields.text("model").orElse("policy"), Instant.now().getEpochSecond());
  }

  private static GenerationRequest request(AgentCall call, Fields fields) {
    OptionalInt logprobs =
        fields.flag("logprobs")
            ? OptionalInt.of(fields.integer("top_logprobs", 0, Integer.MAX_VALUE).orElse(0))
            : OptionalInt.empty();
    GenerationRequest.Format format = RequestReader.format(fields, logprobs, call.tools());
    return new GenerationRequest(
        List.of(call.prompt()), SamplingParams.defaults(), 0, List.of(), format);
  }

  private void whole(AgentCall call, ChatWriter writer, ServerResponse response) {
    Completion said = call.answer();
    String json = writer.whole(List.of(piece(call, said)), said.tokens().length).toString();
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    deadline.within(ClientConnection.current(), () -> response.send(json));
  }

  private static Piece piece(AgentCall call, Completion said) {
    return Piece.whole(0, said, Echo.NONE, call.tools());
  }

  private void stream(
      AgentCall call, GenerationRequest request, ChatWriter writer, ServerResponse response) {
    try (EventStream events = new EventStream(response, deadline)) {
      try {
        writer.opening().forEach(events::send);
        while (!call.await(SIGN_OF_LIFE)) {
          events.comment();
        }
        Completion said = call.answer();
        events.send(writer.event(piece(call, said), true));
        if (request.format().delivery() == Delivery.STREAMED_WITH_USAGE) {
          events.send(writer.usageEvent(said.tokens().length));
        }
      } catch (CloseConnectionException e) {
        throw e;
      } catch (RuntimeException e) { // too late for a status
        events.send(ApiError.of(ApiError.Kind.INTERNAL, "the server failed: " + e).toJson());
      }
      events.done();
    }
  }
}
