package dev.burnish.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Stopped;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.RolloutFailure.RewardFailed;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class RolloutFailureTest {
  private static final Problem PROBLEM = new Problem("1+1=", "2", 17);

  private static Completion completion(String text) {
    return new Completion(
        new int[] {3}, new float[] {-1}, TokenVersions.of(2, 1), text, FinishReason.STOP);
  }

  private static Rollout rollout(String... texts) {
    List<Completion> completions =
        java.util.Arrays.stream(texts).map(RolloutFailureTest::completion).toList();
    return new Rollout(PROBLEM, new Group(new int[] {1}, completions));
  }

  private static double evaluate(String completion) {
    return switch (completion) {
      case "bad" -> throw new IllegalStateException("cannot parse");
      case "lost" -> throw new ReplicaLost("reward[0]");
      case "stopped" -> throw new Stopped("ctrl-c");
      default -> completion.length();
    };
  }

  private static final Reward REWARD = (_, completion, _) -> evaluate(completion);

  @Test
  void aRewardThatThrowsIsNamed() {
    assertThatThrownBy(() -> rollout("ok", "bad").rewards(REWARD))
        .isInstanceOf(RewardFailed.class)
        .hasMessageContaining("problem=17 completion=bad")
        .hasMessageContaining("cannot parse")
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> rollout("stopped").rewards(REWARD)).isInstanceOf(Stopped.class);
  }

  @Test
  void aGroupWithSurvivorsHasItsTrueSize() {
    UnaryOperator<double[]> advantages =
        rewards -> {
          assertThat(rewards).containsExactly(1, 3);
          return new double[] {-1, 1};
        };
    ScoredGroup group = rollout("a", "bad", "ccc").scoreSurvivors(REWARD, 2, advantages);
    assertThat(group.rewards()).containsExactly(1, 3);
    assertThat(group.episodes()).extracting(Episode::advantage).containsExactly(-1.0, 1.0);
    assertThat(group.versions()).isEqualTo(VersionRange.exactly(2));
  }

  @Test
  void tooFewSurvivorsOrALostProcessFailTheGroup() {
    assertThatThrownBy(() -> rollout("a", "bad").scoreSurvivors(REWARD, 2, r -> r))
        .isInstanceOf(RewardFailed.class)
        .hasMessageContaining("completion=bad");
    assertThatThrownBy(() -> rollout("a", "b", "lost").scoreSurvivors(REWARD, 2, r -> r))
        .isInstanceOf(RewardFailed.class)
        .hasCauseInstanceOf(ReplicaLost.class);
  }

  @Test
  void aGeneratorThatThrowsIsNamed() {
    Generator broken =
        (Generator)
            Proxy.newProxyInstance(
                Generator.class.getClassLoader(),
                new Class<?>[] {Generator.class},
                (_, _, _) -> {
                  throw new ReplicaLost("policy[1]");
                });
    assertThatThrownBy(() ->
            Rollout.sample(
                broken,
                PROBLEM,
                Prompt.text("1+1="),
                SamplingParams.defaults(),
                VersionRange.exactly(4)))
        .isInstanceOf(GenerationFailed.class)
        .hasMessageContaining("problem=17")
        .hasMessageContaining("policy[1]")
        .hasCauseInstanceOf(ReplicaLost.class);
  }
}
