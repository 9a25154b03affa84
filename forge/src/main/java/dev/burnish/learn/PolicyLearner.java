package dev.burnish.learn;

import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.concurrent.Stop;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Pass;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Trains a policy on episodes with a policy loss, optionally held near a frozen reference.
///
/// The log-probabilities that the generator reported serve as those of the old policy: it is exact,
/// so no second forward is needed.
public final class PolicyLearner {
  private final Trainer trainer;
  private final PolicyLoss loss;
  private final double entropyBonus;
  private final int maxTokens;
  private final Optional<Decoder> reference;

  /// Without an entropy bonus, in micro-batches of at most 4 096 tokens.
  public PolicyLearner(Trainer trainer, PolicyLoss loss, LanguageModel reference) {
    this(trainer, loss, 0, 4096, Optional.of(reference.decoder()));
  }

  /// Without a reference.
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
      Optional<Decoder> reference) {
    this.trainer = trainer;
    this.loss = loss;
    this.entropyBonus = entropyBonus;
    this.maxTokens = maxTokens;
    this.reference = reference;
  }

  /// One update from the groups of a step.
  public PolicyReport step(List<ScoredGroup> groups) {
    EpisodeBatch batch = EpisodeBatch.of(groups, maxTokens);
    if (reference.isPresent()) {
      batch = batch.withReference(logprobs(reference.get(), batch.micros()));
    }
    PolicyStep step = new PolicyStep(batch, loss, entropyBonus);
    StepReport report = trainer.step(step.micros());
    List<Episode> episodes = groups.stream().flatMap(g -> g.episodes().stream()).toList();
    double reward = episodes.stream().mapToDouble(Episode::reward).average().orElseThrow();
    double length = episodes.stream().mapToInt(Episode::numSampled).average().orElseThrow();
    return new PolicyReport(report, step.metrics(), reward, length);
  }

  /// Log-probabilities of each micro-batch's targets under a model that is not trained.
  static List<float[]> logprobs(Decoder reference, List<PackedTokens> micros) {
    List<float[]> result = new ArrayList<>();
    for (PackedTokens micro : micros) {
      Stop.check();
      try (Pass pass = reference.evaluate(micro.forest())) {
        result.add(pass.logprobs(micro.targets(), 1).logprobs());
      }
    }
    return result;
  }
}
