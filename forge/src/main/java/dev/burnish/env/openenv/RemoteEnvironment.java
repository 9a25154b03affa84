package dev.burnish.env.openenv;

import dev.burnish.concurrent.Waits;
import dev.burnish.rollout.Environment;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// One environment of a server, over a session of its own.
final class RemoteEnvironment implements Environment {
  private static final String FULL = "CAPACITY_REACHED";
  private static final long WAIT_NANOS = 200_000_000;

  private final OpenEnv place;
  private Optional<Wire> wire = Optional.empty();

  RemoteEnvironment(OpenEnv place) {
    this.place = place;
  }

  @Override
  public Observation reset(long seed) {
    ObjectNode data = JsonMapper.shared().createObjectNode();
    data.put("seed", seed >>> 33); // at least 0, and what generators of Python take
    long end = System.nanoTime() + place.patience().toNanos();
    while (true) {
      try {
        return Observation.user(words(connected().ask("reset", data)));
      } catch (OpenEnvException e) {
        close();
        if (!e.code().equals(FULL) || System.nanoTime() > end) {
          throw e;
        }
        pause(); // a server that is full is no failure of the episode
      }
    }
  }

  private void pause() {
    Waits.parkNanos(this, WAIT_NANOS);
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted while a server of environments is full");
    }
  }

  private Wire connected() {
    Wire open = wire.orElseGet(() -> place.transport().open(place.server(), place.patience()));
    wire = Optional.of(open);
    return open;
  }

  @Override
  public Step step(Action action) {
    ObjectNode said;
    try {
      said = (ObjectNode) JsonMapper.shared().readTree(place.translation().action(action.text()));
    } catch (IllegalArgumentException e) {
      return Step.next(Observation.user(String.valueOf(e.getMessage())));
    }
    JsonNode answer =
        wire.orElseThrow(() ->
                new IllegalStateException("an environment must be reset before a step: steps=0"))
            .ask("step", said);
    double reward = reward(answer.path("reward"));
    return answer.path("done").asBoolean(false)
        ? Step.over(reward)
        : new Step.Next(Observation.user(words(answer)), reward);
  }

  /// None is nothing, and a truth is 1.
  private static double reward(JsonNode reward) {
    if (reward.isBoolean()) {
      return reward.booleanValue() ? 1 : 0;
    }
    return reward.isNumber() ? reward.doubleValue() : 0;
  }

  private String words(JsonNode answer) {
    return place.translation().observation(answer.path("observation").toString());
  }

  @Override
  public void close() {
    wire.ifPresent(Wire::close);
    wire = Optional.empty();
  }
}
