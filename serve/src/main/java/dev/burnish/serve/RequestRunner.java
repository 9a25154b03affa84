package dev.burnish.serve;

import io.helidon.http.HeaderNames;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;
import tools.jackson.databind.node.ObjectNode;

/// Rules for every request: the reading of its body, the form of its errors, the counting.
final class RequestRunner {
  private final Function<ApiError, ObjectNode> form;
  private final Body body;
  private final ObjIntConsumer<String> answered;

  /// @param form of errors
  /// @param bodyBytes that a request may have
  /// @param answered is told of each path and status
  RequestRunner(
      Function<ApiError, ObjectNode> form, int bodyBytes, ObjIntConsumer<String> answered) {
    this.form = form;
    this.body = new Body(bodyBytes);
    this.answered = answered;
  }

  /// Runs an action; what it throws is the answer, unless that has begun.
  void run(String path, ServerResponse response, Runnable action) {
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
      answered.accept(path, response.status().code());
    }
  }

  private void refuse(ServerResponse response, ApiError error) {
    if (response.isSent()) {
      throw new CloseConnectionException("the answer has begun", error);
    }
    switch (error.kind()) {
      case UNAUTHORIZED -> response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
      case OVERLOADED, STOPPING -> response.header(HeaderNames.RETRY_AFTER, "1");
      default -> {}
    }
    response.status(error.status());
    send(response, "application/json", form.apply(error).toString());
  }

  static void send(ServerResponse response, String type, String text) {
    response.header(HeaderNames.CONTENT_TYPE, type);
    response.send(text);
  }

  static void send(ServerResponse response, ObjectNode json) {
    send(response, "application/json", json.toString());
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

  /// The JSON object of a request.
  ///
  /// @throws ApiError if it is none
  ObjectNode read(ServerRequest request) {
    requireJson(request);
    try (InputStream in =
        request.content().hasEntity()
            ? request.content().inputStream()
            : InputStream.nullInputStream()) {
      return body.read(in);
    } catch (IOException e) {
      throw new CloseConnectionException("the client has left", e);
    }
  }
}
