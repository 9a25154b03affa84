package dev.burnish.agent;

import java.net.URI;
import java.util.Map;
import java.util.OptionalDouble;

/// Where one run of an agent reaches the policy, for as long as the run lasts. The key is the
/// session: whoever has it adds to the episode.
public final class Endpoint {
  private final URI base;
  private final String key;
  private final AgentSession session;
  private final int index;

  Endpoint(URI base, String key, AgentSession session, int index) {
    this.base = base;
    this.key = key;
    this.session = session;
    this.index = index;
  }

  /// The base of Anthropic's interface, such as `http://127.0.0.1:40123`: the client adds
  /// `/v1/messages`.
  public URI anthropic() {
    return base;
  }

  /// The base of OpenAI's interface, such as `http://127.0.0.1:40123/v1`: the client adds
  /// `/chat/completions`.
  public URI openAi() {
    return base.resolve("/v1");
  }

  /// The secret that each request carries: `Authorization: Bearer KEY` or `x-api-key: KEY`.
  public String key() {
    return key;
  }

  /// The number of the episode in its group.
  public int index() {
    return index;
  }

  /// The reward that the agent has reported by `POST /v1/reward` with `{"reward": 0.5}`, if it has.
  public OptionalDouble reported() {
    return session.reported();
  }

  /// The variables by which the clients of both interfaces find it.
  public Map<String, String> environment() {
    return Map.of(
        "OPENAI_BASE_URL", openAi().toString(),
        "OPENAI_API_BASE", openAi().toString(), // its name before 2023, which some still read
        "OPENAI_API_KEY", key,
        "ANTHROPIC_BASE_URL", anthropic().toString(),
        "ANTHROPIC_API_KEY", key);
  }

  /// Without the key.
  @Override
  public String toString() {
    return "endpoint %d at %s".formatted(index, base);
  }
}
