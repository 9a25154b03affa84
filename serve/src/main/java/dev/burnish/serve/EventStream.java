package dev.burnish.serve;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.ObjectNode;

/// An answer as server-sent events, each one JSON object, the last `[DONE]`.
final class EventStream implements AutoCloseable {
  private final OutputStream out;

  /// Begins the answer: from here on no error can have a status of its own.
  EventStream(ServerResponse response) {
    response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
    response.header(HeaderNames.CACHE_CONTROL, "no-cache");
    out = response.outputStream();
  }

  /// @throws CloseConnectionException if the client has left
  void send(ObjectNode event) {
    send(event.toString());
  }

  /// Ends a whole answer.
  void done() {
    send("[DONE]");
  }

  private void send(String data) {
    try {
      out.write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException | RuntimeException e) {
      throw new CloseConnectionException("the client has left", e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException | RuntimeException e) {
      throw new CloseConnectionException("the client has left", e);
    }
  }
}
