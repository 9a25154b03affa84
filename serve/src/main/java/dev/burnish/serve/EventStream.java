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
  private final ClientDeadline deadline;
  private final ClientConnection client = ClientConnection.current();

  /// Begins the answer: from here on no error can have a status of its own.
  EventStream(ServerResponse response, ClientDeadline deadline) {
    this.deadline = deadline;
    response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
    response.header(HeaderNames.CACHE_CONTROL, "no-cache");
    out = response.outputStream();
  }

  /// @throws CloseConnectionException if the client has left
  void send(ObjectNode event) {
    send(event.toString());
  }

  /// An event with a name.
  ///
  /// @throws CloseConnectionException if the client has left
  void send(String name, ObjectNode event) {
    write("event: " + name + "\ndata: " + event + "\n\n");
  }

  /// Shows that the server is still there. Clients pass it over.
  ///
  /// @throws CloseConnectionException if the client has left
  void comment() {
    write(":\n\n");
  }

  /// Ends a whole answer.
  void done() {
    send("[DONE]");
  }

  private void send(String data) {
    write("data: " + data + "\n\n");
  }

  private void write(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    deadline.within(client, () -> write(bytes));
  }

  private void write(byte[] bytes) {
    try {
      out.write(bytes);
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
