package dev.burnish.serve;

import dev.burnish.text.Tokenizer;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The routes of the server, and who may use them.
final class Routes {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final ServerSettings settings;
  private final ModelCard model;
  private final Completer completer;
  private final ApiKeys keys;
  private final RequestRunner runner;

  Routes(ServerSettings settings, ModelCard model, Completer completer) {
    this.settings = settings;
    this.model = model;
    this.completer = completer;
    this.keys = new ApiKeys(settings.apiKeys());
    this.runner =
        new RequestRunner(
            ApiError::toJson, settings.limits().bodyBytes(), completer.metrics()::answered);
  }

  /// Answers a request whose body was read.
  private interface Action {
    void run(Fields fields, ServerResponse response);
  }

  HttpRouting.Builder routing() {
    HttpRouting.Builder routing = HttpRouting.builder();
    routing.get(
        "/health", (_, response) -> runner.run("/health", response, () -> health(response)));
    get(
        routing,
        "/metrics",
        (_, response) -> RequestRunner.send(response, TEXT, completer.metricsText()));
    get(routing, "/v1/models", (_, response) -> models(response));
    get(routing, "/v1/models/{+id}", this::model);
    post(routing, "/v1/completions", completer::completion);
    post(routing, "/v1/chat/completions", completer::chat);
    post(routing, "/v1/embeddings", (_, _) -> embeddings());
    post(routing, "/tokenize", this::tokenize);
    post(routing, "/detokenize", this::detokenize);
    return routing;
  }

  /// Answers a request without a body.
  private interface Query {
    void run(ServerRequest request, ServerResponse response);
  }

  private void get(HttpRouting.Builder routing, String path, Query query) {
    routing.route(
        Method.GET,
        path,
        (request, response) ->
            runner.run(
                path,
                response,
                () -> {
                  admit(request);
                  query.run(request, response);
                }));
  }

  private void post(HttpRouting.Builder routing, String path, Action action) {
    routing.route(
        Method.POST,
        path,
        (request, response) ->
            runner.run(
                path,
                response,
                () -> {
                  admit(request);
                  completer.active().requireRunning();
                  action.run(new Fields(runner.read(request)), response);
                }));
  }

  /// @throws ApiError if the request may not be served
  private void admit(ServerRequest request) {
    if (!keys.admits(request.headers().first(HeaderNames.AUTHORIZATION))) {
      throw ApiError.of(
              ApiError.Kind.UNAUTHORIZED,
              "a request must carry a key of this server: Authorization: Bearer KEY")
          .withCode("invalid_api_key");
    }
    if (settings.apiKeys().isEmpty() && !ServerSettings.isLoopback(host(request.authority()))) {
      throw ApiError.of(
          ApiError.Kind.FORBIDDEN,
          "a server without keys answers to its own names alone: Host=%s; use 127.0.0.1 or localhost, or give the server a key"
              .formatted(request.authority()));
    }
  }

  /// The host of an authority, which may end with a port.
  private static String host(String authority) {
    int colon = authority.lastIndexOf(':');
    boolean port = colon > authority.lastIndexOf(']');
    return (port ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
  }

  private void health(ServerResponse response) {
    completer.active().requireRunning();
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("status", "ok");
    RequestRunner.send(response, json);
  }

  private void models(ServerResponse response) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("object", "list");
    json.putArray("data").add(model.toJson());
    RequestRunner.send(response, json);
  }

  private void model(ServerRequest request, ServerResponse response) {
    ObjectNode asked = JsonMapper.shared().createObjectNode();
    asked.put("model", request.path().pathParameters().get("id"));
    model.requireNamed(new Fields(asked));
    RequestRunner.send(response, model.toJson());
  }

  private static void embeddings() {
    throw ApiError.of(
        ApiError.Kind.UNSUPPORTED,
        "this server generates text and has no embeddings; use a server of an embedding model");
  }

  private void tokenize(Fields fields, ServerResponse response) {
    model.requireNamed(fields);
    int[] ids = completer.tokens(fields);
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("count", ids.length);
    json.put("max_model_len", model.maxLength());
    ArrayNode tokens = json.putArray("tokens");
    for (int id : ids) {
      tokens.add(id);
    }
    RequestRunner.send(response, json);
  }

  private void detokenize(Fields fields, ServerResponse response) {
    model.requireNamed(fields);
    Tokenizer tokenizer = model.tokenizer();
    Optional<JsonNode> tokens = fields.value("tokens");
    int[] ids =
        fields.ids(
            "tokens",
            tokens.orElseThrow(
                () -> ApiError.invalid("tokens", "tokens must be there: a list of token ids")));
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("prompt", tokenizer.decode(ids));
    RequestRunner.send(response, json);
  }
}
