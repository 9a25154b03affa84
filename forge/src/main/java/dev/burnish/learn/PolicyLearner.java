package dev.burnish.learn;

import dev.burnish.algorithm.LossResult;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Trains a policy on episodes with a policy loss, optionally held near a frozen reference.
///
/// The log-probabilities that the generator reported serve as those of the old policy: it is exact,
/// so no second forward is needed.
public final class PolicyLearner {
  private final Trainer trainer;
  private final PolicyLoss loss;
  private final double entropyBonus;
  private final int maxTokens;
  private final Optional<ReferenceModel> reference;

  /// A learner without an entropy bonus, with micro-batches of at most 4 096 tokens.
  public PolicyLearner(Trainer trainer, PolicyLoss loss, LanguageModel reference) {
    this(trainer, loss, 0, 4096, Optional.of(ReferenceModel.of(reference.decoder())));
  }

  /// The same with a reference that may be in another process.
  public PolicyLearner(Trainer trainer, PolicyLoss loss, ReferenceModel reference) {
    this(trainer, loss, 0, 4096, Optional.of(reference));
  }

  /// A learner that asks for a reference if the loss weighs the divergence from one.
  public PolicyLearner(Trainer trainer, PolicyLoss loss, Supplier<ReferenceModel> reference) {
    this(
        trainer,
        loss,
        0,
        4096,
        loss.needsReference() ? Optional.of(reference.get()) : Optional.empty());
  }

  /// A learner without a reference.
  public PolicyLearner(Trainer trainer, PolicyLoss loss) {
    this(trainer, loss, 0, 4096, Optional.empty());
  }

  /// @param maxTokens of one micro-batch
  /// @param reference whose divergence is measured, and weighted by the loss where its KL
  ///   coefficient is above 0
  public PolicyLearner(
      Trainer trainer,
      PolicyLoss loss,
      double entropyBonus,
      int maxTokens,
      Optional<ReferenceModel> reference) {
    this.trainer = trainer;
    this.loss = loss;
    this.entropyBonus = entropyBonus;
    this.maxTokens = maxTokens;
    this.reference = reference;
  }

  /// One update from the groups of a step; none where there are no groups.
  public PolicyReport step(List<ScoredGroup> groups) {
    if (groups.isEmpty()) {
      return PolicyReport.none();
    }
    EpisodeBatch batch = EpisodeBatch.of(groups, maxTokens);
    if (reference.isPresent()) {
      batch = batch.withReference(reference.get().logprobs(batch.micros()));
    }
    StepReport report = trainer.step(batch.microBatches(loss, entropyBonus));
    LossResult.Metrics metrics = report.metrics().policy().orElse(LossResult.Metrics.ZERO);
    List<Episode> episodes = groups.stream().flatMap(g -> g.episodes().stream()).toList();
    double reward = episodes.stream().mapToDouble(Episode::reward).average().orElseThrow();
    double length = episodes.stream().mapToInt(Episode::numSampled).average().orElseThrow();
    return new PolicyReport(report, metrics, reward, length);
  }
}
