package dev.burnish.serve;

import dev.burnish.agent.AgentSession;
import dev.burnish.agent.AgentSessions;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The routes of agents. The key of a request is that of its session, which decides what is
/// recorded where; the names of models are of no account.
final class SessionRoutes {
  private static final HeaderName API_KEY = HeaderNames.create("x-api-key");
  private static final String BEARER = "bearer ";

  private final AgentSessions sessions;
  private final RequestRunner openAi;
  private final RequestRunner anthropic;
  private final SessionChat chat;
  private final SessionMessages messages;

  SessionRoutes(AgentSessions sessions, ClientDeadline deadline, int bodyBytes) {
    this.sessions = sessions;
    this.openAi = new RequestRunner(ApiError::toJson, bodyBytes, (_, _) -> {});
    this.anthropic = new RequestRunner(MessagesWriter::error, bodyBytes, (_, _) -> {});
    this.chat = new SessionChat(deadline);
    this.messages = new SessionMessages(deadline);
  }

  /// Answers a request of a session.
  private interface Action {
    void run(AgentSession session, Fields fields, ServerResponse response);
  }

  HttpRouting.Builder routing() {
    HttpRouting.Builder routing = HttpRouting.builder();
    post(routing, openAi, "/v1/chat/completions", chat::answer);
    post(routing, openAi, "/v1/reward", SessionRoutes::reward);
    post(routing, anthropic, "/v1/messages", messages::answer);
    post(routing, anthropic, "/v1/messages/count_tokens", messages::count);
    routing.get(
        "/v1/models",
        (request, response) ->
            openAi.run(
                "/v1/models",
                response,
                () -> {
                  session(request);
                  models(response);
                }));
    return routing;
  }

  private void post(HttpRouting.Builder routing, RequestRunner runner, String path, Action action) {
    routing.post(
        path,
        (request, response) ->
            runner.run(
                path,
                response,
                () -> {
                  AgentSession session = session(request);
                  action.run(session, new Fields(runner.read(request)), response);
                }));
  }

  /// @throws ApiError if the key is that of no open session
  private AgentSession session(ServerRequest request) {
    return key(request).flatMap(sessions::find).orElseThrow(SessionRoutes::unknown);
  }

  private static Optional<String> key(ServerRequest request) {
    return request
        .headers()
        .first(HeaderNames.AUTHORIZATION)
        .filter(value -> value.toLowerCase(Locale.ROOT).startsWith(BEARER))
        .map(value -> value.substring(BEARER.length()).strip())
        .or(() -> request.headers().first(API_KEY));
  }

  static ApiError unknown() {
    return ApiError.of(
            ApiError.Kind.UNAUTHORIZED,
            "a request must carry the key of a session that is open: Authorization: Bearer KEY, or x-api-key: KEY")
        .withCode("invalid_api_key");
  }

  /// The agent says what its work is worth.
  private static void reward(AgentSession session, Fields fields, ServerResponse response) {
    double reward =
        fields
            .number("reward", -1e9, 1e9)
            .orElseThrow(() -> ApiError.invalid("reward", "reward must be there: a number"));
    try {
      session.report(reward);
    } catch (IllegalStateException e) {
      throw unknown();
    }
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("reward", reward);
    RequestRunner.send(response, json);
  }

  private static void models(ServerResponse response) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("object", "list");
    ObjectNode model = json.putArray("data").addObject();
    model.put("id", "policy");
    model.put("object", "model");
    model.put("created", 0);
    model.put("owned_by", "burnish");
    RequestRunner.send(response, json);
  }
}
