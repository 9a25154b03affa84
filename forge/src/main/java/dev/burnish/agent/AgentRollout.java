package dev.burnish.agent;

import dev.burnish.agent.EpisodeGroup.Played;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.RolloutFailure;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.tensor.KeyedRandom;
import java.net.URI;
import java.util.ServiceLoader;
import java.util.function.UnaryOperator;

/// Has agents that own their loop make the episodes of a group, through an HTTP endpoint before the
/// policy that keeps their tokens. Groups may be played at the same time.
///
/// ```java
/// try (var agents = AgentRollout.start(format, Budget.defaults())) {
///   loop.rollouts(slot -> agents.play(
///       problem(slot), agent, slot.pinned(loop.policy()), slot.seeded(sampling), Advantages::grpo));
/// ```
///
/// An episode whose agent fails, or whose time is over, is left out, as by [EnvironmentRollout].
///
/// @param least episodes that must be left; 2 where advantages compare them
/// @param server closed with this
public record AgentRollout(
    ChatFormat format, Budget budget, Credit credit, int least, Listening server)
    implements AutoCloseable {
  private static final String LOCAL = "127.0.0.1";

  /// A server, and the sessions that it answers.
  ///
  /// @param base address without a path
  public record Listening(AgentSessions sessions, AgentServer.Running server, URI base) {}

  public AgentRollout {
    if (least < 1) {
      throw new IllegalArgumentException("a group must have an episode: least=" + least);
    }
  }

  /// Starts an endpoint that agents of this machine reach, with credit by episode.
  ///
  /// @throws IllegalStateException if there is no HTTP server on the class path
  public static AgentRollout start(ChatFormat format, Budget budget) {
    AgentServer server =
        ServiceLoader.load(AgentServer.class)
            .findFirst()
            .orElseThrow(() ->
                new IllegalStateException(
                    "agents that own their loop need an HTTP server: dev.burnish.serve is not on the class path; start the script by ./burnish run"));
    AgentSessions sessions = new AgentSessions();
    AgentServer.Running running = server.start(LOCAL, sessions);
    URI base = URI.create("http://%s:%d".formatted(LOCAL, running.port()));
    Listening listening = new Listening(sessions, running, base);
    return new AgentRollout(format, budget, Credit.ofEpisodes(), 2, listening);
  }

  public AgentRollout withCredit(Credit newCredit) {
    return new AgentRollout(format, budget, newCredit, least, server);
  }

  public AgentRollout withLeast(int newLeast) {
    return new AgentRollout(format, budget, credit, newLeast, server);
  }

  /// Runs an agent `sampling.n` times, each in a session of its own.
  ///
  /// @param sampling of each answer: an agent's temperature and cuts do not count. Its seed is that
  ///   of the whole group
  /// @param advantages of some episodes, from one number each
  /// @throws EnvironmentFailed if fewer episodes than `least` are left: the first failure
  /// @throws RolloutFailure.GenerationFailed if the generator fails
  public ScoredGroup play(
      Problem problem,
      Agent agent,
      Generator policy,
      SamplingParams sampling,
      UnaryOperator<double[]> advantages) {
    Generator near = policy.conversation(EnvironmentRollout.conversation(sampling));
    return new EpisodeGroup(problem, "an agent", budget.time(), credit, least)
        .play(sampling.n(), i -> play(agent, near, sampling, i), advantages);
  }

  private Played play(Agent agent, Generator policy, SamplingParams sampling, int index) {
    SamplingParams own = sampling.withSeed(KeyedRandom.bits(sampling.seed(), "agent", index));
    try (AgentSession session = new AgentSession(format, budget, policy, own)) {
      String key = server.sessions().add(session);
      try {
        double reward = reward(agent, session, new Endpoint(server.base(), key, session, index));
        return played(session, reward, index);
      } finally {
        server.sessions().remove(key);
      }
    }
  }

  /// The worth of the agent's work, once it and all its answers have ended.
  private static double reward(Agent agent, AgentSession session, Endpoint endpoint) {
    double reward;
    try {
      reward = agent.run(endpoint);
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      session.finish(); // a generator that fails is the cause
      if (!session.isRefused()) {
        throw e instanceof RuntimeException unchecked ? unchecked : failed(endpoint, e);
      }
      reward = agent.truncated();
    }
    session.finish();
    return reward;
  }

  private static EnvironmentFailed failed(Endpoint endpoint, Exception cause) {
    return new EnvironmentFailed(
        "an agent must not throw: episode=%d (%s)".formatted(endpoint.index(), cause), cause);
  }

  private static Played played(AgentSession session, double reward, int index) {
    int turns = session.numAnswers();
    if (turns == 0) {
      throw new IllegalStateException(
          "an agent must ask the policy something: episode=%d answers=0; give its client the base URL and the key of the endpoint"
              .formatted(index));
    }
    double[] rewards = new double[turns];
    rewards[turns - 1] = reward;
    return new Played(session::branches, rewards);
  }

  /// Stops the endpoint. Groups are to have ended.
  @Override
  public void close() {
    server.server().close();
  }
}
