package dev.burnish.serve;

import dev.burnish.agent.AgentCall;
import dev.burnish.agent.AgentRequest;
import dev.burnish.agent.AgentSession;
import dev.burnish.rollout.Completion;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Anthropic's messages of a session. An answer is made whole, so that a stream has each block in
/// one piece, after signs of life.
final class SessionMessages {
  private final ClientDeadline deadline;

  SessionMessages(ClientDeadline deadline) {
    this.deadline = deadline;
  }

  /// `POST /v1/messages/count_tokens`
  void count(AgentSession session, Fields fields, ServerResponse response) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("input_tokens", SessionFields.count(session, new MessagesReader(fields).read()));
    RequestRunner.send(response, json);
  }

  /// `POST /v1/messages`
  void answer(AgentSession session, Fields fields, ServerResponse response) {
    MessagesReader reader = new MessagesReader(fields);
    reader.requireMaxTokens();
    AgentRequest request = reader.read();
    AgentCall call = SessionFields.begin(session, request);
    MessagesWriter writer =
        new MessagesWriter(
            fields.text("model").orElse("policy"), call, request.wishes().stop(), session.format());
    if (fields.flag("stream")) {
      stream(call, writer, response);
    } else {
      Completion said = call.answer();
      String json = writer.whole(said).toString();
      response.header(HeaderNames.CONTENT_TYPE, "application/json");
      deadline.within(ClientConnection.current(), () -> response.send(json));
    }
  }

  private void stream(AgentCall call, MessagesWriter writer, ServerResponse response) {
    try (EventStream events = new EventStream(response, deadline)) {
      try {
        events.send("message_start", writer.start());
        while (!call.await(SessionChat.SIGN_OF_LIFE)) {
          events.send("ping", MessagesWriter.typed("ping"));
        }
        Completion said = call.answer();
        writer.rest(said).forEach(event -> events.send(event.path("type").asString(), event));
      } catch (CloseConnectionException e) {
        throw e;
      } catch (RuntimeException e) { // too late for a status
        ApiError error = ApiError.of(ApiError.Kind.INTERNAL, "the server failed: " + e);
        events.send("error", MessagesWriter.error(error));
      }
    }
  }
}
