package dev.burnish.learn;

import dev.burnish.algorithm.Aggregation;
import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.PpoClip;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.advantage.ValueLoss;
import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Trains a policy and its critic with PPO.
///
/// All that is relative to a step is computed over the whole step, before it is divided among
/// updates: the critic's values, the returns, the mean and deviation of the advantages, and the
/// counts that losses divide by. So the weight of a token does not depend on the update that it is
/// in. The groups are divided once per step; each epoch takes the parts in an order of its own. A
/// step with fewer groups than mini-batches has one mini-batch per group, and so fewer updates.
///
/// The advantages of the episodes are not read: the critic's take their place. The
/// log-probabilities that the generator reported serve as those of the old policy.
///
/// Source: Schulman et al. 2017; the divergence in the reward as in Ouyang et al. 2022.
public final class PpoLearner {
  private final Trainer policy;
  private final Trainer critic;
  private final PpoConfig config;
  private final Optional<ReferenceModel> reference;
  private final SurrogateLoss policyLoss;
  private final ValueLoss valueLoss;

  /// A learner without a reference.
  ///
  /// @param critic trains a model that [LanguageModel#critic] made
  /// @throws IllegalArgumentException if the settings ask for a divergence from a reference
  public PpoLearner(Trainer policy, Trainer critic, PpoConfig config) {
    this(policy, critic, config, Optional.empty());
  }

  /// A learner that lowers rewards by the divergence from a reference.
  public PpoLearner(Trainer policy, Trainer critic, PpoConfig config, LanguageModel reference) {
    this(policy, critic, config, Optional.of(ReferenceModel.of(reference.decoder())));
  }

  /// The same with a reference that may be in another process.
  public PpoLearner(Trainer policy, Trainer critic, PpoConfig config, ReferenceModel reference) {
    this(policy, critic, config, Optional.of(reference));
  }

  /// @param reference whose divergence is measured, and lowers the rewards where `config.kl` is
  ///   above 0
  public PpoLearner(
      Trainer policy, Trainer critic, PpoConfig config, Optional<ReferenceModel> reference) {
    if (config.kl() > 0 && reference.isEmpty()) {
      throw new IllegalArgumentException(
          "ppo.kl above 0 needs a reference: kl=%s; give one, or set ppo.kl=0"
              .formatted(config.kl()));
    }
    this.policy = policy;
    this.critic = critic;
    this.config = config;
    this.reference = reference;
    policyLoss = SurrogateLoss.of(new PpoClip(config.clip(), config.clip()));
    valueLoss = new ValueLoss(config.valueClip(), new Aggregation.TokenMean());
  }

  /// The updates of one step, alternately of the policy and the critic; none where there are no
  /// groups.
  ///
  /// @param seed of the division into mini-batches and of their order
  public PpoReport step(List<ScoredGroup> groups, long seed) {
    if (groups.isEmpty()) {
      return PpoReport.none();
    }
    List<EpisodeBatch> miniBatches = divide(groups, KeyedRandom.of(seed, "ppo/mini-batches", 0));
    List<PackedTokens> micros =
        miniBatches.stream().flatMap(mini -> mini.micros().stream()).toList();
    Denominators global =
        miniBatches.stream()
            .map(EpisodeBatch::global)
            .reduce(Denominators::plus)
            .orElseThrow()
            .dividedAmong(miniBatches.size());
    CriticBatch whole =
        CriticBatch.of(
            miniBatches, critic.values(micros), reference.map(of -> of.logprobs(micros)), config);
    List<StepReport> ofPolicy = new ArrayList<>();
    List<StepReport> ofCritic = new ArrayList<>();
    for (int epoch = 0; epoch < config.epochs(); epoch++) {
      int[] order = IntStream.range(0, miniBatches.size()).toArray();
      shuffle(order, KeyedRandom.of(seed, "ppo/epoch", epoch));
      for (int mini : order) {
        ofPolicy.add(
            policy.step(whole.policyBatches(mini, policyLoss, config.entropyBonus(), global)));
        ofCritic.add(critic.step(whole.criticBatches(mini, valueLoss, global)));
      }
    }
    return PpoReport.of(
        new PpoReport.Updates(ofPolicy, ofCritic, config.epochs()), whole.critique(), groups);
  }

  private List<EpisodeBatch> divide(List<ScoredGroup> groups, RandomGenerator random) {
    int miniBatches = Math.min(config.miniBatches(), groups.size());
    int[] order = IntStream.range(0, groups.size()).toArray();
    shuffle(order, random);
    List<EpisodeBatch> result = new ArrayList<>();
    for (int mini = 0; mini < miniBatches; mini++) {
      int from = (int) ((long) mini * groups.size() / miniBatches);
      int to = (int) ((mini + 1L) * groups.size() / miniBatches);
      int[] members = IntStream.range(from, to).map(i -> order[i]).sorted().toArray();
      result.add(EpisodeBatch.of(groups, members, config.maxTokens(), this::isLearned));
    }
    return result;
  }

  private boolean isLearned(Episode episode) {
    return switch (config.truncated()) {
      case LEARN -> true;
      case MASK -> episode.sampled().getLast().completion().finish() == FinishReason.STOP;
    };
  }

  private static void shuffle(int[] order, RandomGenerator random) {
    for (int i = order.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
  }
}
