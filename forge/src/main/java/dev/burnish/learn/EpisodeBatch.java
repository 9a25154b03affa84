package dev.burnish.learn;

import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.algorithm.TokenLayout;
import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.Targets;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.objective.PolicyObjective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// The episodes of a step, packed: common parts of their sequences (a group's prompt, a common
/// beginning of all prompts, completions that differ late, the branches of an episode) go through
/// the model once, and the tokens after the last learned token of an episode not at all. Only
/// learned tokens are targets. Groups are not divided among micro-batches.
///
/// @param micros the tokens that go through the model together
/// @param tokens the data that a loss needs about the targets of each micro-batch, in the same
///   order
/// @param rewards of the episodes of each micro-batch
/// @param global counts over all micro-batches
record EpisodeBatch(
    List<PackedTokens> micros,
    List<TokenBatch> tokens,
    List<double[]> rewards,
    Denominators global) {
  /// One episode of the step.
  ///
  /// @param group index of its group in the step
  ///
  /// @param learned whether its tokens are targets of the losses
  private record Member(
      int group, String id, EpisodeTokens tokens, double reward, boolean learned) {}

  /// The whole step.
  ///
  /// @param maxTokens of one micro-batch; a larger group is a micro-batch of its own
  static EpisodeBatch of(List<ScoredGroup> groups, int maxTokens) {
    return of(groups, IntStream.range(0, groups.size()).toArray(), maxTokens, _ -> true);
  }

  /// Some groups of a step.
  ///
  /// @param members indices of the groups in the step
  /// @param learned the episodes whose tokens are targets of losses; those of the others are masked
  static EpisodeBatch of(
      List<ScoredGroup> groups, int[] members, int maxTokens, Predicate<Episode> learned) {
    if (members.length == 0) {
      throw new IllegalArgumentException("a step must have groups of episodes: groups=0");
    }
    Packer packer = new Packer();
    List<Member> packed = new ArrayList<>();
    int size = 0;
    for (int group : members) {
      List<Member> added = members(group, groups.get(group), learned);
      int groupSize = tree(added).numTokens();
      if (!packed.isEmpty() && size + groupSize > maxTokens) {
        packer.pack(packed);
        packed = new ArrayList<>();
        size = 0;
      }
      packed.addAll(added);
      size += groupSize;
    }
    packer.pack(packed);
    return packer.batch();
  }

  /// The episodes of a group, each named by the index of its group in the step and its own index in
  /// the group.
  private static List<Member> members(int group, ScoredGroup scored, Predicate<Episode> learned) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < scored.episodes().size(); i++) {
      String id = String.format(Locale.ROOT, "prompt-%d/sample-%d", group, i);
      Episode episode = scored.episodes().get(i);
      members.add(
          new Member(
              group, id, EpisodeTokens.of(episode), episode.reward(), learned.test(episode)));
    }
    return members;
  }

  private static PrefixTree tree(List<Member> members) {
    PrefixTree tree = new PrefixTree();
    members.forEach(member -> member.tokens().inputs().forEach(tree::add));
    return tree;
  }

  private static Targets targets(List<Member> members, PrefixTree.Placed placed) {
    Targets targets = new Targets();
    int sequence = 0;
    for (Member member : members) {
      EpisodeTokens tokens = member.tokens();
      int first = sequence;
      List<int[]> rows =
          IntStream.range(0, tokens.inputs().size())
              .mapToObj(branch -> placed.rows(first + branch))
              .toList();
      for (int t = 0; t < tokens.numTargets(); t++) {
        int[] branch = rows.get(tokens.branches()[t]);
        targets.add(branch[tokens.positions()[t] - 1], tokens.targets()[t]);
      }
      sequence += rows.size();
    }
    return targets;
  }

  /// Packs micro-batches, one after another.
  private static final class Packer {
    private final List<PackedTokens> micros = new ArrayList<>();
    private final List<TokenBatch> tokens = new ArrayList<>();
    private final List<double[]> rewards = new ArrayList<>();
    private Denominators global = new Denominators(0, 0, Map.of());

    EpisodeBatch batch() {
      return new EpisodeBatch(micros, tokens, rewards, global);
    }

    void pack(List<Member> members) {
      PrefixTree.Placed placed = tree(members).place();
      TokenLayout layout =
          TokenLayout.of(
              members.stream().mapToInt(member -> member.tokens().numTargets()).toArray(),
              members.stream().mapToInt(Member::group).toArray());
      double[] old = new double[layout.numTokens()];
      double[] advantages = new double[old.length];
      for (int i = 0; i < members.size(); i++) {
        EpisodeTokens episode = members.get(i).tokens();
        int start = layout.start(i);
        System.arraycopy(episode.logprobs(), 0, old, start, episode.numTargets());
        System.arraycopy(episode.advantages(), 0, advantages, start, episode.numTargets());
        Arrays.fill(layout.mask(), start, layout.end(i), members.get(i).learned());
      }
      List<String> ids = members.stream().map(Member::id).toList();
      micros.add(new PackedTokens(placed.forest(), targets(members, placed), ids));
      tokens.add(
          TokenBatch.of(layout, new double[old.length], advantages)
              .withOldLogprobs(old)
              .withRolloutLogprobs(old));
      rewards.add(members.stream().mapToDouble(Member::reward).toArray());
      global = global.plus(Denominators.of(layout));
    }
  }

  EpisodeBatch withReference(List<float[]> referenceLogprobs) {
    List<TokenBatch> result = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      result.add(tokens.get(i).withRefLogprobs(TokenBatch.widen(referenceLogprobs.get(i))));
    }
    return new EpisodeBatch(micros, result, rewards, global);
  }

  /// The micro-batches of a policy loss.
  ///
  /// @param entropyBonus coefficient of the mean entropy, which is subtracted from the loss
  List<MicroBatch> microBatches(PolicyLoss loss, double entropyBonus) {
    return IntStream.range(0, micros.size())
        .mapToObj(i ->
            new MicroBatch(
                micros.get(i), new PolicyObjective(loss, entropyBonus, tokens.get(i), global)))
        .toList();
  }
}
