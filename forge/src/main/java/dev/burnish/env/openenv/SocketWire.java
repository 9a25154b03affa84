package dev.burnish.env.openenv;

import dev.burnish.concurrent.Waits;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A web socket, on which each message has one answer.
final class SocketWire implements Wire {
  private static final int MOST_CHARACTERS = 16 << 20;
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private final URI address;
  private final Duration patience;
  private final HttpClient client = HttpClient.newHttpClient();
  private final Answers answers = new Answers();
  private final WebSocket socket;

  /// An arrival: a whole text, or the end.
  private sealed interface Arrival {
    record Text(String text) implements Arrival {}

    record End(String reason) implements Arrival {}
  }

  private SocketWire(URI address, Duration patience) {
    this.address = address;
    this.patience = patience;
    try {
      this.socket =
          await(
              client.newWebSocketBuilder().connectTimeout(patience).buildAsync(address, answers),
              patience);
    } catch (RuntimeException e) {
      client.shutdownNow();
      throw e;
    }
  }

  /// Connects to `/ws` of a server.
  static SocketWire open(URI server, Duration patience) {
    String scheme =
        switch (String.valueOf(server.getScheme())) {
          case "https", "wss" -> "wss";
          default -> "ws";
        };
    return new SocketWire(URI.create(scheme + "://" + server.getRawAuthority() + "/ws"), patience);
  }

  /// Keeps whole texts, one at a time: the next one is asked for with the next message.
  private static final class Answers implements WebSocket.Listener {
    private final LinkedBlockingQueue<Arrival> arrived = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      if (text.length() + data.length() > MOST_CHARACTERS) {
        arrived.add(
            new Arrival.End("an answer has at most %d characters".formatted(MOST_CHARACTERS)));
        socket.abort();
        return null;
      }
      text.append(data);
      if (last) {
        arrived.add(new Arrival.Text(text.toString()));
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      arrived.add(
          new Arrival.End("it closed the connection: status=%d %s".formatted(status, reason)));
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      arrived.add(new Arrival.End(error.toString()));
    }
  }

  @Override
  public JsonNode ask(String type, ObjectNode data) {
    ObjectNode message = JsonMapper.shared().createObjectNode().put("type", type);
    message.set("data", data);
    send(message);
    JsonNode answer = next();
    if (answer.path("type").asString("").equals("error")) {
      throw new OpenEnvException(
          answer.at("/data/code").asString("UNKNOWN"),
          "a server of environments refused a message: server=%s type=%s code=%s (%s)"
              .formatted(
                  address,
                  type,
                  answer.at("/data/code").asString("UNKNOWN"),
                  answer.at("/data/message").asString("")));
    }
    return answer.path("data");
  }

  /// A server that is full says so unasked and closes: then its word is the answer.
  private void send(ObjectNode message) {
    try {
      await(socket.sendText(message.toString(), true), patience);
    } catch (OpenEnvException e) {
      if (answers.arrived.isEmpty()) {
        throw e;
      }
    }
  }

  private JsonNode next() {
    Waits.announce();
    try {
      Arrival arrival = answers.arrived.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
      return switch (arrival) {
        case Arrival.Text(String text) -> JsonMapper.shared().readTree(text);
        case Arrival.End(String reason) -> throw lost(reason);
        case null -> throw lost("no answer in " + patience);
      };
    } catch (JacksonException e) {
      throw lost("its answer is no JSON: " + e.getOriginalMessage());
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while an environment answers");
    }
  }

  private OpenEnvException lost(String reason) {
    return new OpenEnvException(
        "CONNECTION",
        "a server of environments must answer: server=%s (%s)".formatted(address, reason));
  }

  private <T> T await(Future<T> future, Duration limit) {
    Waits.announce();
    try {
      return future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw lost(String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      throw lost("nothing in " + limit);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while an environment answers");
    }
  }

  /// Says so, that the server frees the session at once, and does not wait for long.
  @Override
  public void close() {
    try {
      if (!socket.isOutputClosed()) {
        await(socket.sendText("{\"type\":\"close\"}", true), CLOSING);
        await(socket.sendClose(WebSocket.NORMAL_CLOSURE, ""), CLOSING);
      }
    } catch (RuntimeException e) {
      // The connection is lost, or this thread is interrupted: the session ends with it.
    } finally {
      socket.abort();
      client.shutdownNow();
    }
  }
}
