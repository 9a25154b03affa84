package dev.burnish.serve;

import dev.burnish.text.Tokenizer;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The routes of the server, and what holds for each of them: the key, the form of errors, the
/// counting.
final class Routes {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final ServerSettings settings;
  private final ModelCard model;
  private final Completer completer;
  private final ApiKeys keys;
  private final Body body;

  Routes(ServerSettings settings, ModelCard model, Completer completer) {
    this.settings = settings;
    this.model = model;
    this.completer = completer;
    this.keys = new ApiKeys(settings.apiKeys());
    this.body = new Body(settings.limits().bodyBytes());
  }

  /// Answers a request whose body was read.
  private interface Action {
    void run(Fields fields, ServerResponse response);
  }

  void register(HttpRouting.Builder routing) {
    routing.get("/health", (_, response) -> run("/health", response, () -> health(response)));
    get(routing, "/metrics", (_, response) -> send(response, TEXT, completer.metricsText()));
    get(routing, "/v1/models", (_, response) -> models(response));
    get(routing, "/v1/models/{+id}", this::model);
    post(routing, "/v1/completions", completer::completion);
    post(routing, "/v1/chat/completions", completer::chat);
    post(routing, "/v1/embeddings", (_, _) -> embeddings());
    post(routing, "/tokenize", this::tokenize);
    post(routing, "/detokenize", this::detokenize);
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
            run(
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
            run(
                path,
                response,
                () -> {
                  admit(request);
                  completer.active().requireRunning();
                  requireJson(request);
                  action.run(new Fields(read(request)), response);
                }));
  }

  /// Runs an action; what it throws is the answer, unless that has begun.
  private void run(String path, ServerResponse response, Runnable action) {
    try {
      action.run();
    } catch (CloseConnectionException | RequestException e) {
      throw e;
    } catch (ApiError e) {
      refuse(response, e);
    } catch (RuntimeException e) {
      System.err.println("burnish: a request failed: " + path);
      e.printStackTrace();
      refuse(response, ApiError.of(ApiError.Kind.INTERNAL, "the server failed: " + e));
    } finally {
      completer.metrics().answered(path, response.status().code());
    }
  }

  private static void refuse(ServerResponse response, ApiError error) {
    if (response.isSent()) {
      throw new CloseConnectionException("the answer has begun", error);
    }
    switch (error.kind()) {
      case UNAUTHORIZED -> response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
      case OVERLOADED, STOPPING -> response.header(HeaderNames.RETRY_AFTER, "1");
      default -> {}
    }
    response.status(error.status());
    send(response, "application/json", error.toJson().toString());
  }

  private static void send(ServerResponse response, String type, String text) {
    response.header(HeaderNames.CONTENT_TYPE, type);
    response.send(text);
  }

  private static void send(ServerResponse response, ObjectNode json) {
    send(response, "application/json", json.toString());
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

  /// A page of another site can have a browser send a form or plain text here, but not JSON.
  private static void requireJson(ServerRequest request) {
    String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
    if (!type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
      throw ApiError.of(
          ApiError.Kind.MEDIA_TYPE,
          "a request must have Content-Type: application/json: type=" + type);
    }
  }

  private ObjectNode read(ServerRequest request) {
    try (InputStream in =
        request.content().hasEntity()
            ? request.content().inputStream()
            : InputStream.nullInputStream()) {
      return body.read(in);
    } catch (IOException e) {
      throw new CloseConnectionException("the client has left", e);
    }
  }

  private void health(ServerResponse response) {
    completer.active().requireRunning();
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("status", "ok");
    send(response, json);
  }

  private void models(ServerResponse response) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("object", "list");
    json.putArray("data").add(model.toJson());
    send(response, json);
  }

  private void model(ServerRequest request, ServerResponse response) {
    ObjectNode asked = JsonMapper.shared().createObjectNode();
    asked.put("model", request.path().pathParameters().get("id"));
    model.requireNamed(new Fields(asked));
    send(response, model.toJson());
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
    send(response, json);
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
    send(response, json);
  }
}
