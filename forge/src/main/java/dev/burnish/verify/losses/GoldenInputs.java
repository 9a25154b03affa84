package dev.burnish.verify.losses;

import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.algorithm.TokenLayout;
import dev.burnish.algorithm.advantage.Advantages;
import dev.burnish.algorithm.preference.PairBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// The inputs of a file of reference values: padded rows as one flat batch, with GRPO's advantages.
///
/// @param width of the padded rows
/// @param pairs empty if the file has none
@SuppressWarnings("ArrayRecordComponent") // read by the formulas alone; never compared
record GoldenInputs(
    JsonNode root, TokenBatch batch, double[] rewards, double[] values, int width, Pairs pairs) {

  /// The keys of a file that are inputs.
  static final Set<String> KEYS = Set.of("inputs", "dpo.inputs", "value.inputs", "lora.inputs");

  /// Preference pairs; lengths are 0 where the file does not say them.
  record Pairs(Optional<PairBatch> batch, double beta, boolean hasLengths) {}

  static GoldenInputs of(JsonNode root, String source) {
    JsonNode inputs = require(root, "inputs", source);
    double[] mask = flatten(require(inputs, "mask", source));
    double[] rewards = flatten(require(inputs, "rewards", source));
    int[] starts = starts(require(inputs, "mask", source));
    double[] group = flatten(require(inputs, "group", source));
    boolean[] targets = new boolean[mask.length];
    for (int t = 0; t < mask.length; t++) {
      targets[t] = mask[t] != 0;
    }
    int[] groups = new int[group.length];
    for (int i = 0; i < group.length; i++) {
      groups[i] = (int) group[i];
    }
    var layout = new TokenLayout(starts, groups, targets);
    var batch =
        new TokenBatch(
            layout,
            flatten(require(inputs, "logp", source)),
            flatten(require(inputs, "old_logp", source)),
            flatten(require(inputs, "rollout_logp", source)),
            flatten(require(inputs, "ref_logp", source)),
            layout.broadcast(Advantages.byGroup(rewards, groups, Advantages::grpo)));
    int width = 0;
    for (int i = 0; i < groups.length; i++) {
      width = Math.max(width, starts[i + 1] - starts[i]);
    }
    double[] values = flatten(require(inputs, "values", source));
    return new GoldenInputs(root, batch, rewards, values, width, pairs(root, source));
  }

  TokenLayout layout() {
    return batch.layout();
  }

  Denominators global() {
    return Denominators.of(layout());
  }

  /// The rows `[from, to)` of the batch.
  TokenBatch rows(int from, int to) {
    int first = layout().starts()[from];
    int last = layout().starts()[to];
    int[] starts = new int[to - from + 1];
    for (int i = from; i <= to; i++) {
      starts[i - from] = layout().starts()[i] - first;
    }
    var part =
        new TokenLayout(
            starts,
            Arrays.copyOfRange(layout().group(), from, to),
            Arrays.copyOfRange(layout().mask(), first, last));
    return new TokenBatch(
        part,
        Arrays.copyOfRange(batch.logprobs(), first, last),
        Arrays.copyOfRange(batch.oldLogprobs(), first, last),
        Arrays.copyOfRange(batch.rolloutLogprobs(), first, last),
        Arrays.copyOfRange(batch.refLogprobs(), first, last),
        Arrays.copyOfRange(batch.advantages(), first, last));
  }

  /// All numbers of a number, an array, or an array of arrays, in order.
  static double[] flatten(JsonNode node) {
    List<Double> numbers = new ArrayList<>();
    collect(node, numbers);
    return numbers.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void collect(JsonNode node, List<Double> numbers) {
    if (node.isArray()) {
      node.values().forEach(child -> collect(child, numbers));
    } else if (node.isNumber()) {
      numbers.add(node.doubleValue());
    } else {
      throw new IllegalArgumentException(
          "a reference value is a number or an array of numbers: value=" + node);
    }
  }

  private static int[] starts(JsonNode rows) {
    int[] starts = new int[rows.size() + 1];
    for (int i = 0; i < rows.size(); i++) {
      starts[i + 1] = starts[i] + rows.get(i).size();
    }
    return starts;
  }

  private static Pairs pairs(JsonNode root, String source) {
    JsonNode node = root.get("dpo.inputs");
    if (node == null) {
      return new Pairs(Optional.empty(), 1, false);
    }
    double[] chosen = flatten(require(node, "pc", source));
    boolean hasLengths = node.has("lc") && node.has("lr");
    int[] none = new int[chosen.length];
    var pairs =
        new PairBatch(
            chosen,
            flatten(require(node, "pr", source)),
            flatten(require(node, "rc", source)),
            flatten(require(node, "rr", source)),
            hasLengths ? lengths(node, "lc", source) : none,
            hasLengths ? lengths(node, "lr", source) : none);
    return new Pairs(Optional.of(pairs), flatten(require(node, "beta", source))[0], hasLengths);
  }

  private static int[] lengths(JsonNode node, String name, String source) {
    return Arrays.stream(flatten(require(node, name, source)))
        .mapToInt(length -> (int) length)
        .toArray();
  }

  private static JsonNode require(JsonNode parent, String name, String source) {
    JsonNode child = parent.get(name);
    if (child == null) {
      throw new IllegalArgumentException(
          "a file of reference losses has its inputs: %s is missing in %s; see the schema of `burnish verify --losses`"
              .formatted(name, source));
    }
    return child;
  }
}
