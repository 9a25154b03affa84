package dev.burnish.learn;

import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.algorithm.TokenLayout;
import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.Targets;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.train.PackedTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The episodes of a step, packed: what their sequences have in common (a group's prompt, a common
/// beginning of all prompts, completions that differ late) goes through the model once, and the
/// last token of a completion, after which nothing is predicted, not at all. Groups are not split
/// over micro-batches.
///
/// @param micros what goes through the model together
/// @param tokens what a loss knows about the targets of each micro-batch, in the same order
/// @param global counts over all micro-batches
record EpisodeBatch(List<PackedTokens> micros, List<TokenBatch> tokens, Denominators global) {
  /// @param maxTokens of one micro-batch; a larger group is a micro-batch of its own
  static EpisodeBatch of(List<Episode> episodes, int maxTokens) {
    if (episodes.isEmpty()) {
      throw new IllegalArgumentException("a step needs at least one episode: episodes=0");
    }
    Map<Integer, List<Episode>> groups = new LinkedHashMap<>();
    for (Episode episode : episodes) {
      groups.computeIfAbsent(episode.group(), _ -> new ArrayList<>()).add(episode);
    }
    List<PackedTokens> micros = new ArrayList<>();
    List<TokenBatch> tokens = new ArrayList<>();
    Denominators global = new Denominators(0, 0, Map.of());
    List<Episode> packed = new ArrayList<>();
    int size = 0;
    for (List<Episode> group : groups.values()) {
      int groupSize = size(group);
      if (!packed.isEmpty() && size + groupSize > maxTokens) {
        global = global.plus(pack(packed, micros, tokens));
        packed = new ArrayList<>();
        size = 0;
      }
      packed.addAll(group);
      size += groupSize;
    }
    global = global.plus(pack(packed, micros, tokens));
    return new EpisodeBatch(micros, tokens, global);
  }

  /// Tokens of a group by itself.
  private static int size(List<Episode> group) {
    PrefixTree tree = new PrefixTree();
    group.forEach(episode -> add(tree, episode.completion()));
    return tree.numTokens();
  }

  private static void add(PrefixTree tree, Completion completion) {
    tree.addContinued(completion.prompt(), completion.tokens());
  }

  private static void checkPrompts(Episode episode, Episode before) {
    if (episode.group() == before.group()
        && !Arrays.equals(episode.completion().prompt(), before.completion().prompt())) {
      throw new IllegalArgumentException(
          "the episodes of a group share their prompt: group=%d prompts=%s and %s"
              .formatted(episode.group(), before.prompt(), episode.prompt()));
    }
  }

  /// Each episode by its prompt's index in the step and its own among that prompt's samples.
  private static List<String> ids(List<Episode> episodes) {
    Map<Integer, Integer> seen = new HashMap<>();
    return episodes.stream()
        .map(episode ->
            String.format(
                Locale.ROOT,
                "prompt-%d/sample-%d",
                episode.group(),
                seen.merge(episode.group(), 1, Integer::sum) - 1))
        .toList();
  }

  private static Targets targets(List<Episode> episodes, PrefixTree.Placed placed) {
    Targets targets = new Targets();
    for (int i = 0; i < episodes.size(); i++) {
      targets.addContinuation(placed.rows(i), episodes.get(i).completion().tokens());
    }
    return targets;
  }

  private static Denominators pack(
      List<Episode> episodes, List<PackedTokens> micros, List<TokenBatch> tokens) {
    PrefixTree tree = new PrefixTree();
    int[] lengths = new int[episodes.size()];
    int[] groups = new int[episodes.size()];
    for (int i = 0; i < lengths.length; i++) {
      Episode episode = episodes.get(i);
      checkPrompts(episode, episodes.get(Math.max(0, i - 1)));
      groups[i] = episode.group();
      lengths[i] = episode.completion().tokens().length;
      add(tree, episode.completion());
    }
    PrefixTree.Placed placed = tree.place();
    TokenLayout layout = TokenLayout.of(lengths, groups);
    double[] old = new double[layout.numTokens()];
    double[] advantages = new double[old.length];
    for (int i = 0; i < lengths.length; i++) {
      float[] logprobs = episodes.get(i).completion().logprobs();
      for (int t = 0; t < logprobs.length; t++) {
        old[layout.start(i) + t] = logprobs[t];
        advantages[layout.start(i) + t] = episodes.get(i).advantage();
      }
    }
    micros.add(new PackedTokens(placed.forest(), targets(episodes, placed), ids(episodes)));
    tokens.add(
        TokenBatch.of(layout, new double[old.length], advantages)
            .withOldLogp(old)
            .withRolloutLogp(old));
    return Denominators.of(layout);
  }

  EpisodeBatch withReference(List<float[]> referenceLogp) {
    List<TokenBatch> result = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      result.add(tokens.get(i).withRefLogp(widen(referenceLogp.get(i))));
    }
    return new EpisodeBatch(micros, result, global);
  }

  static double[] widen(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }
}
