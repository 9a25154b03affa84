package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.env.openenv.OpenEnv;
import dev.burnish.env.openenv.OpenEnv.Transport;
import dev.burnish.env.openenv.OpenEnvException;
import dev.burnish.env.openenv.Translation;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Environment.Action;
import dev.burnish.rollout.Environment.Observation;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.FinishReason;
import dev.burnish.serve.ServerSettings.Limits;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The client of OpenEnv's protocol and the messages of a server of openenv-core 0.3.0, recorded on
/// 2026-11-30: an environment whose number is the last digit of the seed.
@Timeout(60)
class RecordedEnvironmentsTest {
  private static final String RESET =
      "{\"observation\":{\"message\":\"a digit?\"},\"reward\":null,\"done\":false}";
  private static final String HIGHER =
      "{\"observation\":{\"message\":\"higher\"},\"reward\":-0.5,\"done\":false}";
  private static final String YES =
      "{\"observation\":{\"message\":\"yes\"},\"reward\":1.0,\"done\":true}";
  private static final String REFUSED =
      "{\"type\":\"error\",\"data\":{\"message\":\"invalid literal for int() with base 10: 'x'\",\"code\":\"EXECUTION_ERROR\"}}";
  private static final String FULL =
      "{\"type\":\"error\",\"data\":{\"message\":\"Server at capacity: 1/1 sessions active. Cannot accept new connections.\",\"code\":\"CAPACITY_REACHED\",\"active_sessions\":1,\"max_sessions\":1}}";

  private final List<String> received = Collections.synchronizedList(new ArrayList<>());

  /// Plays a recording, one answer per message.
  private final class Recorded implements WsListener {
    private final Iterator<String> answers;
    private final boolean full;

    private Recorded(List<String> answers, boolean full) {
      this.answers = answers.iterator();
      this.full = full;
    }

    @Override
    public void onOpen(WsSession socket) {
      if (full) {
        socket.send(FULL, true);
        socket.close(1000, "");
      }
    }

    @Override
    public void onMessage(WsSession socket, String text, boolean last) {
      received.add(text);
      if (answers.hasNext()) {
        String answer = answers.next();
        socket.send(answer.substring(0, 10), false); // in two frames, as some servers send it
        socket.send(answer.substring(10), true);
      } else {
        socket.close(1000, "");
      }
    }
  }

  private static String observed(String data) {
    return "{\"type\":\"observation\",\"data\":" + data + "}";
  }

  private static HttpListener listen(
      HttpRouting.Builder http, Optional<WsRouting.Builder> sockets) {
    return HttpListener.start(
        new HttpListener.Address("127.0.0.1", 0),
        Limits.defaults(),
        new ClientDeadline(Duration.ofMinutes(1)),
        new HttpListener.Served(http, sockets));
  }

  private static OpenEnv client(HttpListener listener) {
    return OpenEnv.at("http://127.0.0.1:" + listener.port())
        .with(Translation.fields("message", "message"))
        .within(Duration.ofSeconds(20));
  }

  private static Action say(String text) {
    return new Action(text, FinishReason.STOP, 0);
  }

  @Test
  void aSessionOverAWebSocketIsPlayed() {
    AtomicInteger connections = new AtomicInteger();
    List<String> answers = List.of(observed(RESET), observed(HIGHER), REFUSED, observed(YES));
    WsRouting.Builder sockets =
        WsRouting.builder()
            .endpoint("/ws", () -> new Recorded(answers, connections.getAndIncrement() == 0));
    try (HttpListener server = listen(HttpRouting.builder(), Optional.of(sockets))) {
      try (Environment environment = client(server).make()) {
        assertThat(environment.reset(42L << 33)).isEqualTo(Observation.user("a digit?"));
        assertThat(connections).as("the first was told that the server is full").hasValue(2);
        assertThat(environment.step(say("1")))
            .isEqualTo(new Step.Next(Observation.user("higher"), -0.5));
        assertThatThrownBy(() -> environment.step(say("x")))
            .isInstanceOfSatisfying(
                OpenEnvException.class, e -> assertThat(e.code()).isEqualTo("EXECUTION_ERROR"))
            .hasMessageContaining("invalid literal");
        assertThat(environment.step(say("2"))).isEqualTo(Step.over(1));
      }
      TestServer.until(() -> received.contains("{\"type\":\"close\"}"));
    }
    assertThat(received)
        .contains(
            "{\"type\":\"reset\",\"data\":{\"seed\":42}}",
            "{\"type\":\"step\",\"data\":{\"message\":\"1\"}}");
  }

  @Test
  void aServerOfRequestsAloneIsPlayed() {
    HttpRouting.Builder http =
        HttpRouting.builder()
            .post(
                "/reset",
                (request, response) -> {
                  received.add(request.content().as(String.class));
                  response.send(RESET);
                })
            .post(
                "/step",
                (request, response) -> {
                  String body = request.content().as(String.class);
                  received.add(body);
                  if (body.contains("x")) {
                    response.status(500).send("Internal Server Error");
                  } else {
                    response.send(YES);
                  }
                });
    try (HttpListener server = listen(http, Optional.empty());
        Environment environment = client(server).with(Transport.HTTP).make()) {
      assertThat(environment.reset(42L << 33)).isEqualTo(Observation.user("a digit?"));
      assertThatThrownBy(() -> environment.step(say("x")))
          .isInstanceOf(OpenEnvException.class)
          .hasMessageContaining("status=500");
      assertThat(environment.step(say("2"))).isEqualTo(Step.over(1));
    }
    assertThat(received)
        .containsExactly(
            "{\"seed\":42}",
            "{\"action\":{\"message\":\"x\"}}",
            "{\"action\":{\"message\":\"2\"}}");
  }

  @Test
  void aServerThatEndsTheSessionInTheMiddleIsAFailure() {
    WsRouting.Builder sockets =
        WsRouting.builder().endpoint("/ws", () -> new Recorded(List.of(observed(RESET)), false));
    try (HttpListener server = listen(HttpRouting.builder(), Optional.of(sockets));
        Environment environment = client(server).make()) {
      environment.reset(1);
      assertThatThrownBy(() -> environment.step(say("1")))
          .isInstanceOfSatisfying(
              OpenEnvException.class, e -> assertThat(e.code()).isEqualTo("CONNECTION"));
    }
  }
}
