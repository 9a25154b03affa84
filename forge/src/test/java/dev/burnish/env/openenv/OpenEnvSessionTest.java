package dev.burnish.env.openenv;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The messages are those of openenv.core of huggingface/OpenEnv@385de5e.
class OpenEnvSessionTest {
  private final AtomicInteger closed = new AtomicInteger();
  private final OpenEnvSession session = new OpenEnvSession(() -> new Guess(closed));

  private JsonNode ask(String message) {
    return JsonMapper.shared().readTree(session.reply(message).orElseThrow());
  }

  private void assertError(String code, String message) {
    JsonNode answer = ask(message);
    assertThat(answer.path("type").asString()).isEqualTo("error");
    assertThat(answer.at("/data/code").asString()).isEqualTo(code);
    assertThat(answer.at("/data/message").asString()).isNotBlank();
  }

  @Test
  void anEpisodeIsResetPlayedAndAskedForItsState() {
    JsonNode reset = ask("{\"type\":\"reset\",\"data\":{\"seed\":42,\"episode_id\":\"e-1\"}}");
    assertThat(reset.toString())
        .isEqualTo(
            "{\"type\":\"observation\",\"data\":{\"observation\":{\"message\":\"a digit?\",\"turns\":[{\"role\":\"user\",\"content\":\"a digit?\"}]},\"reward\":null,\"done\":false}}");
    JsonNode wrong = ask("{\"type\":\"step\",\"data\":{\"message\":\"1\"}}");
    assertThat(wrong.at("/data/observation/message").asString()).isEqualTo("higher");
    assertThat(wrong.at("/data/reward").asDouble()).isEqualTo(-0.5);
    assertThat(wrong.at("/data/done").booleanValue()).isFalse();
    assertThat(ask("{\"type\":\"state\"}").path("data").toString())
        .isEqualTo("{\"episode_id\":\"e-1\",\"step_count\":1}");
    JsonNode right = ask("{\"type\":\"step\",\"data\":{\"message\":\"2\",\"metadata\":{}}}");
    assertThat(right.at("/data/done").booleanValue()).isTrue();
    assertThat(right.at("/data/reward").asDouble()).isEqualTo(1);
    assertThat(closed).hasValue(1);
    assertThat(session.reply("{\"type\":\"close\"}")).isEmpty();
  }

  @Test
  void eachResetPlaysAnotherEnvironmentAndClosesTheOneBefore() {
    ask("{\"type\":\"reset\"}");
    ask("{\"type\":\"reset\",\"data\":{\"seed\":null}}");
    assertThat(closed).hasValue(1);
    session.close();
    assertThat(closed).hasValue(2);
  }

  @Test
  void whatIsWrongIsAnErrorAndTheSessionGoesOn() {
    assertError("INVALID_JSON", "{");
    assertError("UNKNOWN_TYPE", "{\"type\":\"jump\"}");
    assertError("UNKNOWN_TYPE", "[]");
    assertError("EXECUTION_ERROR", "{\"type\":\"step\",\"data\":{\"message\":\"1\"}}");
    assertError("VALIDATION_ERROR", "{\"type\":\"reset\",\"data\":{\"seed\":\"x\"}}");
    ask("{\"type\":\"reset\",\"data\":{\"seed\":7}}");
    assertError("VALIDATION_ERROR", "{\"type\":\"step\",\"data\":{}}");
    assertError("EXECUTION_ERROR", "{\"type\":\"step\",\"data\":{\"message\":\"no\"}}");
    assertThat(
            ask("{\"type\":\"step\",\"data\":{\"message\":\"7\"}}").at("/data/done").booleanValue())
        .isTrue();
  }
}
