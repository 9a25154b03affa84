package dev.burnish.serve;

import dev.burnish.env.openenv.OpenEnvServer;
import dev.burnish.env.openenv.OpenEnvSession;
import dev.burnish.env.openenv.OpenEnvSession.Code;
import dev.burnish.rollout.Environment;
import dev.burnish.serve.ServerSettings.Limits;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.websocket.WsCloseCodes;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;

/// Environments for clients of OpenEnv: a session per web socket.
public final class EnvironmentServer implements OpenEnvServer {
  private static final int MOST_CHARACTERS = 4 << 20;
  private static final Duration SILENT = Duration.ofMinutes(30); // a policy may think that long

  /// Called by the JDK, which finds this class as a service.
  public EnvironmentServer() {}

  @Override
  public Running start(Settings settings, Supplier<Environment> environments) {
    Limits common = Limits.defaults();
    Limits limits =
        new Limits(
            common.bodyBytes(),
            settings.sessions() + 64,
            common.choices(),
            SILENT,
            common.request(),
            common.stop());
    ClientDeadline deadline = new ClientDeadline(limits.idle());
    Set<Session> open = ConcurrentHashMap.newKeySet();
    Semaphore free = new Semaphore(settings.sessions());
    WsRouting.Builder sockets =
        WsRouting.builder().endpoint("/ws", () -> new Session(environments, free, open));
    try {
      HttpListener listener =
          HttpListener.start(
              new HttpListener.Address(settings.host(), settings.port()),
              limits,
              deadline,
              new HttpListener.Served(routes(), Optional.of(sockets)));
      return new Listening(listener, deadline, open);
    } catch (RuntimeException e) {
      deadline.close();
      throw e;
    }
  }

  private static HttpRouting.Builder routes() {
    return HttpRouting.builder()
        .get(
            "/health",
            (_, response) ->
                RequestRunner.send(
                    response, JsonMapper.shared().createObjectNode().put("status", "healthy")))
        .get(
            "/metadata",
            (_, response) ->
                RequestRunner.send(
                    response,
                    JsonMapper.shared()
                        .createObjectNode()
                        .put("name", "burnish")
                        .put("description", "An environment of Burnish")))
        .get(
            "/schema",
            (_, response) ->
                RequestRunner.send(response, "application/json", OpenEnvSession.schema()));
  }

  private record Listening(HttpListener listener, ClientDeadline deadline, Set<Session> open)
      implements Running {
    @Override
    public int port() {
      return listener.port();
    }

    @Override
    public void close() {
      listener.close();
      open.forEach(Session::end);
      deadline.close();
    }
  }

  /// A connection. Its messages come one after another, on its thread.
  private static final class Session implements WsListener {
    private final OpenEnvSession session;
    private final Semaphore free;
    private final Set<Session> open;
    private final StringBuilder text = new StringBuilder();
    private boolean admitted;

    private Session(Supplier<Environment> environments, Semaphore free, Set<Session> open) {
      this.session = new OpenEnvSession(environments);
      this.free = free;
      this.open = open;
    }

    @Override
    public void onOpen(WsSession socket) {
      admitted = free.tryAcquire();
      if (admitted) {
        open.add(this);
      } else {
        socket.send(
            OpenEnvSession.error(
                Code.CAPACITY_REACHED, "all sessions are taken; try again once one has ended"),
            true);
        socket.close(WsCloseCodes.TRY_AGAIN_LATER, "full");
      }
    }

    @Override
    public void onMessage(WsSession socket, String part, boolean last) {
      if (text.length() + part.length() > MOST_CHARACTERS) {
        socket.close(
            WsCloseCodes.TOO_BIG, "a message has at most %d characters".formatted(MOST_CHARACTERS));
        end();
        return;
      }
      text.append(part);
      if (last && admitted) {
        String message = text.toString();
        text.setLength(0);
        Optional<String> answer = session.reply(message);
        answer.ifPresent(sent -> socket.send(sent, true));
        if (answer.isEmpty()) {
          socket.close(WsCloseCodes.NORMAL_CLOSE, "");
          end();
        }
      }
    }

    @Override
    public void onClose(WsSession socket, int status, String reason) {
      end();
    }

    @Override
    public void onError(WsSession socket, Throwable error) {
      end();
    }

    /// Frees the place, once.
    private void end() {
      if (open.remove(this)) {
        session.close();
        free.release();
      }
    }
  }
}
