package dev.burnish.serve;

import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A refusal that a client is told of, in the form in which OpenAI's API tells them.
final class ApiError extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// The kinds of errors that a client distinguishes.
  enum Kind {
    INVALID(400, "invalid_request_error"),
    UNSUPPORTED(400, "not_supported_error"),
    UNAUTHORIZED(401, "authentication_error"),
    FORBIDDEN(403, "permission_error"),
    NOT_FOUND(404, "not_found_error"),
    TOO_LARGE(413, "invalid_request_error"),
    MEDIA_TYPE(415, "invalid_request_error"),
    OVERLOADED(429, "rate_limit_error"),
    INTERNAL(500, "server_error"),
    STOPPING(503, "server_error");

    final int status;
    final String type;

    Kind(int status, String type) {
      this.status = status;
      this.type = type;
    }

    /// The kind of errors of that status, or of those that are like it.
    static Kind of(int status) {
      for (Kind kind : values()) {
        if (kind.status == status) {
          return kind;
        }
      }
      return status < 500 ? INVALID : INTERNAL;
    }
  }

  private final Kind kind;
  private final transient Optional<String> param;
  private final transient Optional<String> code;

  private ApiError(Kind kind, String message, Optional<String> param, Optional<String> code) {
    super(message);
    this.kind = kind;
    this.param = param;
    this.code = code;
  }

  static ApiError of(Kind kind, String message) {
    return new ApiError(kind, message, Optional.empty(), Optional.empty());
  }

  /// A member of the request is wrong.
  static ApiError invalid(String param, String message) {
    return new ApiError(Kind.INVALID, message, Optional.of(param), Optional.empty());
  }

  ApiError withCode(String value) {
    return new ApiError(kind, message(), param, Optional.of(value));
  }

  int status() {
    return kind.status;
  }

  Kind kind() {
    return kind;
  }

  private String message() {
    return String.valueOf(getMessage());
  }

  /// `{"error": {"message": ..., "type": ..., "param": ..., "code": ...}}`
  ObjectNode toJson() {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    ObjectNode error = json.putObject("error");
    error.put("message", message());
    error.put("type", kind.type);
    error.put("param", param.orElse(null));
    error.put("code", code.orElse(null));
    return json;
  }
}
