package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.env.openenv.OpenEnv;
import dev.burnish.env.openenv.OpenEnvException;
import dev.burnish.env.openenv.OpenEnvServer;
import dev.burnish.env.openenv.Translation;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Environment.Action;
import dev.burnish.rollout.Environment.Observation;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.FinishReason;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Our client of OpenEnv's protocol, our server of it, and what stands between them.
@Timeout(60)
class EnvironmentServerTest {
  private final AtomicInteger closed = new AtomicInteger();

  /// Adds the numbers that it is told, until it is told to end.
  private final class Sum implements Environment {
    private long sum;

    @Override
    public Observation reset(long seed) {
      sum = seed;
      return Observation.user("seed " + seed);
    }

    @Override
    public Step step(Action action) {
      if (action.text().equals("end")) {
        return Step.over(sum);
      }
      sum += Integer.parseInt(action.text());
      return new Step.Next(Observation.user("sum " + sum), 0.5);
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private static OpenEnv client(OpenEnvServer.Running server) {
    return OpenEnv.at("http://127.0.0.1:" + server.port())
        .with(Translation.fields("message", "message"))
        .within(Duration.ofSeconds(20));
  }

  private static Action say(String text) {
    return new Action(text, FinishReason.STOP, 0);
  }

  @Test
  void anEnvironmentOfOursIsPlayedThroughTheProtocolAsItIsHere() {
    try (OpenEnvServer.Running server = OpenEnvServer.serve("127.0.0.1", 0, Sum::new)) {
      long seed = 12L << 33;
      try (Environment environment = client(server).make()) {
        assertThat(environment.reset(seed)).isEqualTo(Observation.user("seed 12"));
        assertThat(environment.step(say("30")))
            .isEqualTo(new Step.Next(Observation.user("sum 42"), 0.5));
        assertThatThrownBy(() -> environment.step(say("x")))
            .isInstanceOfSatisfying(
                OpenEnvException.class, e -> assertThat(e.code()).isEqualTo("VALIDATION_ERROR"));
        assertThat(environment.step(say("end"))).isEqualTo(Step.over(42));
      }
    }
    assertThat(closed).hasValue(1);
  }

  @Test
  void manyAreInSessionsOfTheirOwn() throws Exception {
    try (OpenEnvServer.Running server = OpenEnvServer.serve("127.0.0.1", 0, Sum::new)) {
      int many = 40;
      CountDownLatch together = new CountDownLatch(many);
      List<Thread> players = new ArrayList<>();
      AtomicInteger right = new AtomicInteger();
      for (int i = 0; i < many; i++) {
        long seed = (long) i << 33;
        Step expected = Step.over(i + 1);
        players.add(
            Thread.ofVirtual()
                .start(() -> {
                  try (Environment environment = client(server).make()) {
                    environment.reset(seed);
                    together.countDown();
                    together.await();
                    environment.step(say("1"));
                    if (environment.step(say("end")).equals(expected)) {
                      right.incrementAndGet();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
      }
      for (Thread player : players) {
        player.join();
      }
      assertThat(right).hasValue(many);
    }
  }

  @Test
  void aServerThatIsFullIsWaitedForAndASessionThatEndsMakesRoom() throws Exception {
    OpenEnvServer.Settings one = new OpenEnvServer.Settings("127.0.0.1", 0, 1);
    try (OpenEnvServer.Running server = new EnvironmentServer().start(one, Sum::new)) {
      Environment first = client(server).make();
      first.reset(0);
      Environment second = client(server).make();
      assertThatThrownBy(() -> client(server).within(Duration.ofMillis(300)).make().reset(0))
          .isInstanceOfSatisfying(
              OpenEnvException.class, e -> assertThat(e.code()).isEqualTo("CAPACITY_REACHED"));
      AtomicInteger waited = new AtomicInteger();
      Thread waiter =
          Thread.ofVirtual()
              .start(() -> {
                second.reset(0);
                waited.incrementAndGet();
              });
      first.close();
      waiter.join();
      assertThat(waited).hasValue(1);
      second.close();
    }
  }

  @Test
  void aServerThatIsGoneIsAnExceptionAndNeverAReward() {
    OpenEnvServer.Running server = OpenEnvServer.serve("127.0.0.1", 0, Sum::new);
    try (Environment environment = client(server).make()) {
      environment.reset(0);
      server.close();
      assertThatThrownBy(() -> environment.step(say("1"))).isInstanceOf(OpenEnvException.class);
    }
    assertThatThrownBy(() -> client(server).make().reset(0)).isInstanceOf(OpenEnvException.class);
  }

  @Test
  void actionsThatAreNoJsonGoBackToThePolicyAsWords() {
    try (OpenEnvServer.Running server = OpenEnvServer.serve("127.0.0.1", 0, Sum::new);
        Environment environment = client(server).with(Translation.json()).make()) {
      environment.reset(0);
      assertThat(environment.step(say("plus one")))
          .isEqualTo(Step.next(Observation.user("an action must be a JSON object")));
      Step next = environment.step(say("{\"message\": \"3\"}"));
      assertThat(next)
          .isInstanceOfSatisfying(
              Step.Next.class,
              step ->
                  assertThat(step.observation().turns().getFirst().content())
                      .contains("\"message\":\"sum 3\""));
    }
  }

  @Test
  void theServerSaysThatItIsThereAndWhatItTakes() throws Exception {
    try (OpenEnvServer.Running server = OpenEnvServer.serve("127.0.0.1", 0, Sum::new);
        HttpClient http = HttpClient.newHttpClient()) {
      for (String path : List.of("health", "schema", "metadata")) {
        URI uri = URI.create("http://127.0.0.1:%d/%s".formatted(server.port(), path));
        HttpResponse<String> response =
            http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).startsWith("{");
      }
    }
  }
}
