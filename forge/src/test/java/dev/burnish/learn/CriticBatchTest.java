package dev.burnish.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.algorithm.Aggregation;
import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.PpoClip;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.advantage.ValueBatch;
import dev.burnish.algorithm.advantage.ValueLoss;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.objective.PolicyObjective;
import dev.burnish.train.objective.ValueObjective;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Advantages and returns of a step against a plain computation from their definitions.
class CriticBatchTest {
  private static final double GAMMA = 0.9;
  private static final double LAMBDA = 0.8;
  private static final double KL = 0.25;
  private static final PpoConfig CONFIG =
      new PpoConfig(1, 2, 0.2, 0.2, GAMMA, LAMBDA, KL, 0, PpoConfig.Truncated.LEARN, 4096);

  private final SplittableRandom random = new SplittableRandom(9);

  private ScoredGroup group(int index) {
    List<Episode> episodes = new ArrayList<>();
    for (int sample = 0; sample < 2; sample++) {
      int length = 1 + random.nextInt(4);
      float[] logprobs = new float[length];
      for (int t = 0; t < length; t++) {
        logprobs[t] = -(float) random.nextDouble(0.1, 2);
      }
      Completion completion =
          new Completion(
              random.ints(length, 0, 20).toArray(),
              logprobs,
              TokenVersions.of(0, length),
              "",
              FinishReason.STOP);
      episodes.add(Episode.singleTurn(new int[] {index, 7}, completion, random.nextDouble(), 55));
    }
    return new ScoredGroup(new Problem("", "", index), episodes);
  }

  private List<float[]> randomPerTarget(List<EpisodeBatch> batches, double from, double to) {
    List<float[]> result = new ArrayList<>();
    for (EpisodeBatch batch : batches) {
      for (var micro : batch.micros()) {
        float[] values = new float[micro.numTargets()];
        for (int t = 0; t < values.length; t++) {
          values[t] = (float) random.nextDouble(from, to);
        }
        result.add(values);
      }
    }
    return result;
  }

  /// `A(t) = sum over k of (gamma lambda)^k delta(t + k)`, each term from scratch.
  private static double advantage(double[] rewards, float[] values, int from, int t, int to) {
    double sum = 0;
    for (int k = t; k < to; k++) {
      double next = k + 1 < to ? values[k + 1] : 0;
      double delta = rewards[k - from] + GAMMA * next - values[k];
      sum += Math.pow(GAMMA * LAMBDA, k - t) * delta;
    }
    return sum;
  }

  @Test
  void advantagesAreWhitenedOverAllMiniBatchesAndReturnsAreNot() {
    List<ScoredGroup> groups = List.of(group(0), group(1), group(2));
    List<EpisodeBatch> batches =
        List.of(
            EpisodeBatch.of(groups, new int[] {2}, 4096, _ -> true),
            EpisodeBatch.of(groups, new int[] {0, 1}, 1, _ -> true));
    List<float[]> values = randomPerTarget(batches, -1, 1);
    List<float[]> reference = randomPerTarget(batches, -2, -0.1);
    CriticBatch batch = CriticBatch.of(batches, values, Optional.of(reference), CONFIG);

    List<Double> advantages = new ArrayList<>();
    List<Double> returns = new ArrayList<>();
    int micro = 0;
    for (int group : new int[] {2, 0, 1}) {
      int from = 0;
      for (Episode episode : groups.get(group).episodes()) {
        Completion completion = episode.sampled().getFirst().completion();
        int to = from + completion.tokens().length;
        double[] rewards = new double[to - from];
        for (int t = from; t < to; t++) {
          rewards[t - from] =
              (t == to - 1 ? episode.reward() : 0)
                  - KL * ((double) completion.logprobs()[t - from] - reference.get(micro)[t]);
        }
        for (int t = from; t < to; t++) {
          double advantage = advantage(rewards, values.get(micro), from, t, to);
          advantages.add(advantage);
          returns.add(advantage + values.get(micro)[t]);
        }
        from = to;
      }
      micro++;
    }
    double mean = advantages.stream().mapToDouble(a -> a).average().orElseThrow();
    double variance =
        advantages.stream().mapToDouble(a -> (a - mean) * (a - mean)).sum()
            / (advantages.size() - 1);

    Denominators global = new Denominators(advantages.size(), 6, Map.of());
    int target = 0;
    for (int mini = 0; mini < 2; mini++) {
      List<MicroBatch> ofPolicy =
          batch.policyBatches(mini, SurrogateLoss.of(new PpoClip(0.2, 0.2)), 0, global);
      List<MicroBatch> ofCritic =
          batch.criticBatches(mini, new ValueLoss(0.2, new Aggregation.TokenMean()), global);
      for (int i = 0; i < ofPolicy.size(); i++) {
        double[] whitened = ((PolicyObjective) ofPolicy.get(i).objective()).tokens().advantages();
        ValueBatch goals = ((ValueObjective) ofCritic.get(i).objective()).batch();
        for (int t = 0; t < whitened.length; t++) {
          assertThat(whitened[t])
              .isCloseTo((advantages.get(target) - mean) / Math.sqrt(variance), within(1e-6));
          assertThat(goals.returns()[t]).isCloseTo(returns.get(target), within(1e-12));
          target++;
        }
      }
    }
    assertThat(target).isEqualTo(advantages.size());
    assertThat(batch.critique().meanReturn())
        .isCloseTo(returns.stream().mapToDouble(r -> r).average().orElseThrow(), within(1e-12));
  }

  /// By hand: values 0 and returns 1 and 0 explain nothing; values equal to the returns all.
  @Test
  void explainedVarianceIsThatOfTheReturnsByTheValues() {
    PpoConfig plain = new PpoConfig(1, 1, 0.2, 0.2, 1, 1, 0, 0, PpoConfig.Truncated.LEARN, 4096);
    Completion one =
        new Completion(
            new int[] {3}, new float[] {-1}, TokenVersions.of(0, 1), "", FinishReason.STOP);
    ScoredGroup group =
        new ScoredGroup(
            new Problem("", "", 0),
            List.of(
                Episode.singleTurn(new int[] {7}, one, 1, 0),
                Episode.singleTurn(new int[] {7}, one, 0, 0)));
    List<EpisodeBatch> batches = List.of(EpisodeBatch.of(List.of(group), 4096));
    assertThat(explained(batches, plain, 0, 0)).isZero();
    assertThat(explained(batches, plain, 1, 0)).isEqualTo(1);
    assertThat(explained(batches, plain, 0, 1)).isEqualTo(-3);
  }

  private static double explained(List<EpisodeBatch> batches, PpoConfig config, float... values) {
    return CriticBatch.of(batches, List.of(values), Optional.empty(), config)
        .critique()
        .explainedVariance();
  }
}
