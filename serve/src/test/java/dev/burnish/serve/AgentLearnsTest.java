package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.Pretrained;
import dev.burnish.Run;
import dev.burnish.TrainingSettings;
import dev.burnish.agent.Agent;
import dev.burnish.agent.AgentRollout;
import dev.burnish.agent.Budget;
import dev.burnish.agent.ChatFormat;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.advantage.Advantages;
import dev.burnish.controller.LoopSettings;
import dev.burnish.controller.TrainingLoop;
import dev.burnish.learn.PolicyLearner;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import dev.burnish.train.OptimizerConfig;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A policy learns from an agent that owns its loop and knows of it by a base URL and a key alone.
@Timeout(150)
class AgentLearnsTest {
  private static final CharacterTokenizer DIGITS = CharacterTokenizer.of("0123456789?");
  private static final int STEPS = 20;

  @TempDir private Path folder;

  private static Pretrained untrained() {
    LlamaConfig shape =
        new LlamaConfig(
            DIGITS.vocabularySize(),
            16,
            32,
            2,
            4,
            2,
            64,
            10_000,
            0.3,
            DIGITS.endId().orElseThrow());
    return new Pretrained(
        LanguageModel.random(shape.toJson(), 1),
        DIGITS,
        Optional.empty(),
        SamplingParams.defaults(),
        List.of());
  }

  /// Asks twice, and likes sevens.
  private static Agent agent(HttpClient http) {
    return endpoint -> {
      SessionClient.Chat chat = new SessionClient(http, endpoint).chat();
      String said = chat.say("?") + chat.say("??");
      return said.chars().filter(c -> c == '7').count() / 2.0;
    };
  }

  @Test
  void aPolicyLearnsWhatAnAgentOfThreeLinesLikes() {
    OptimizerConfig adamW = OptimizerConfig.defaults().withLr(5e-3);
    TrainingSettings settings =
        TrainingSettings.defaults().withSteps(STEPS).withOptimizer(_ -> adamW);
    ChatFormat format =
        ChatFormat.of(
            DIGITS, ChatTemplate.of("{% for m in messages %}{{ m.content }}{% endfor %}"));
    SamplingParams sampling = SamplingParams.defaults().withN(8).withMaxTokens(1);
    List<Double> rewards = new ArrayList<>();
    try (HttpClient http = HttpClient.newHttpClient();
        AgentRollout agents = AgentRollout.start(format, Budget.defaults());
        Run<TrainingSettings> run = Run.start("agents", settings, "--runs", folder.toString())) {
      Agent agent = agent(http);
      LoopSettings threads = LoopSettings.defaults().with(Processes.THREADS);
      TrainingLoop loop = run.loop(untrained(), settings, threads, 2);
      loop.rollouts(slot ->
          agents.play(
              new Problem("?", "7", (int) slot.position()),
              agent,
              slot.pinned(loop.policy()),
              slot.seeded(sampling),
              Advantages::grpo));
      PolicyLearner learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo());
      for (long step : run.steps(STEPS)) {
        List<ScoredGroup> groups = loop.take(step).groups();
        learner.step(groups);
        loop.publish(step);
        rewards.add(
            groups.stream()
                .flatMap(group -> group.episodes().stream())
                .mapToDouble(episode -> episode.reward())
                .average()
                .orElseThrow());
      }
    }
    assertThat(rewards.getFirst()).as("%s", rewards).isLessThan(0.3);
    assertThat(mean(rewards.subList(STEPS - 5, STEPS))).as("%s", rewards).isGreaterThan(0.8);
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }
}
