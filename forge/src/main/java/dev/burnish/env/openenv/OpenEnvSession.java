package dev.burnish.env.openenv;

import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Environment.Observation;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Prompt;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// One session of a client of OpenEnv: its messages, and the answers. An action has the policy's
/// words in `message`; an observation has them in `message`, and turn by turn in `turns`. One
/// thread at a time.
///
/// Source: the web socket of openenv.core.env_server of huggingface/OpenEnv@385de5e.
public final class OpenEnvSession implements AutoCloseable {
  private static final String MESSAGE = "message";

  /// Codes of errors that clients know.
  public enum Code {
    INVALID_JSON,
    UNKNOWN_TYPE,
    VALIDATION_ERROR,
    EXECUTION_ERROR,
    CAPACITY_REACHED
  }

  private final Supplier<Environment> environments;
  private Optional<Environment> playing = Optional.empty();
  private String episode = "";
  private int steps;

  /// @param environments makes one per reset: an environment is played once
  public OpenEnvSession(Supplier<Environment> environments) {
    this.environments = environments;
  }

  /// The schemas of actions, observations and states, for `/schema`.
  public static String schema() {
    String text =
        "{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"}},\"required\":[\"message\"]}";
    String state =
        "{\"type\":\"object\",\"properties\":{\"episode_id\":{\"type\":\"string\"},\"step_count\":{\"type\":\"integer\"}}}";
    return "{\"action\":%s,\"observation\":%s,\"state\":%s}".formatted(text, text, state);
  }

  /// An error as a message.
  public static String error(Code code, String message) {
    ObjectNode data = JsonMapper.shared().createObjectNode();
    data.put(MESSAGE, message);
    data.put("code", code.name());
    return answer("error", data);
  }

  private static String answer(String type, JsonNode data) {
    ObjectNode answer = JsonMapper.shared().createObjectNode().put("type", type);
    return answer.set("data", data).toString();
  }

  /// The answer to a message; empty for the last one, after which the session is to be closed.
  public Optional<String> reply(String text) {
    JsonNode message;
    try {
      message = JsonMapper.shared().readTree(text);
    } catch (JacksonException e) {
      return Optional.of(error(Code.INVALID_JSON, "Invalid JSON: " + e.getOriginalMessage()));
    }
    String type = message.path("type").asString("");
    try {
      return switch (type) {
        case "reset" -> Optional.of(reset(message.path("data")));
        case "step" -> Optional.of(step(message.path("data")));
        case "state" -> Optional.of(state());
        case "close" -> Optional.empty();
        default ->
            Optional.of(
                error(
                    Code.UNKNOWN_TYPE, "a message must be of a type that is known: type=" + type));
      };
    } catch (IllegalArgumentException e) {
      return Optional.of(error(Code.VALIDATION_ERROR, String.valueOf(e.getMessage())));
    } catch (RuntimeException e) {
      return Optional.of(error(Code.EXECUTION_ERROR, String.valueOf(e.getMessage())));
    }
  }

  private String reset(JsonNode data) {
    close();
    JsonNode seed = data.path("seed");
    if (!seed.isMissingNode() && !seed.isNull() && !seed.canConvertToLong()) {
      throw new IllegalArgumentException("a seed must be a whole number: seed=" + seed);
    }
    episode = data.path("episode_id").asString(UUID.randomUUID().toString());
    Environment fresh = environments.get();
    playing = Optional.of(fresh);
    return observed(
        fresh.reset(seed.isNumber() ? seed.longValue() : ThreadLocalRandom.current().nextLong()),
        Optional.empty(),
        false);
  }

  private String step(JsonNode data) {
    JsonNode words = data.path(MESSAGE);
    if (!words.isString()) {
      throw new IllegalArgumentException(
          "an action must have a text as its message: action=" + data);
    }
    Environment environment =
        playing.orElseThrow(() ->
            new IllegalStateException(
                "an episode must be reset before a step, and again once it is over: steps="
                    + steps));
    Environment.Action action =
        new Environment.Action(words.stringValue(), FinishReason.STOP, steps++);
    return switch (environment.step(action)) {
      case Step.Next(Observation next, double reward) -> observed(next, Optional.of(reward), false);
      case Step.Over(_, double reward) -> {
        end();
        yield observed(
            new Observation(List.of(new Prompt.Turn("user", ""))), Optional.of(reward), true);
      }
    };
  }

  private static String observed(Observation observation, Optional<Double> reward, boolean done) {
    ObjectNode shown = JsonMapper.shared().createObjectNode();
    shown.put(
        MESSAGE,
        observation.turns().stream().map(Prompt.Turn::content).collect(Collectors.joining("\n")));
    ArrayNode turns = shown.putArray("turns");
    observation
        .turns()
        .forEach(turn -> turns.addObject().put("role", turn.role()).put("content", turn.content()));
    ObjectNode data = JsonMapper.shared().createObjectNode();
    data.set("observation", shown);
    data.put("reward", reward.orElse(null));
    data.put("done", done);
    return answer("observation", data);
  }

  private String state() {
    ObjectNode state = JsonMapper.shared().createObjectNode();
    state.put("episode_id", episode);
    state.put("step_count", steps);
    return answer("state", state);
  }

  private void end() {
    playing.ifPresent(Environment::close);
    playing = Optional.empty();
  }

  @Override
  public void close() {
    end();
    steps = 0;
  }
}
