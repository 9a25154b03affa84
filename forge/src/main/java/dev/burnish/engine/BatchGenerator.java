package dev.burnish.engine;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.concurrent.Stop;
import dev.burnish.kernel.AttentionPlan;
import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.BlockShape;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.TokenForest;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Generates in waves: as many prompts as the cache holds are prefilled once each, then all their
/// samples advance together, one token per step, until the last is done. Weights, and the version
/// that completions carry, are those of the model at the time of the call.
///
/// The weights must not change during a call. One call at a time.
public final class BatchGenerator implements Generator {
  /// Limits of a wave.
  ///
  /// @param maxSequences samples that advance together
  /// @param cacheBytes memory for keys and values
  public record Limits(int maxSequences, long cacheBytes) {
    public Limits {
      if (maxSequences < 1 || cacheBytes < 1 << 20) {
        throw new IllegalArgumentException(
            "a wave must have at least one sequence and 1 MiB of cache: maxSequences=%d cacheBytes=%d"
                .formatted(maxSequences, cacheBytes));
      }
    }

    public static Limits defaults() {
      return new Limits(512, 2L << 30);
    }
  }

  /// Receives each token as it is sampled.
  @FunctionalInterface
  public interface Listener {
    /// @param prompt index of the prompt
    /// @param sample index of the completion of that prompt
    void token(int prompt, int sample, int token);
  }

  /// The number of tokens sampled in some time.
  public record Throughput(long tokens, double seconds) implements Recordable {
    public double tokensPerSecond() {
      return seconds == 0 ? 0 : tokens / seconds;
    }

    @Override
    public void recordTo(RunRecorder run) {
      run.time("generateTokensPerSecond", tokensPerSecond(), LAST);
      run.time("generateSeconds", seconds, LAST);
    }
  }

  /// Rows of prompt tokens in one prefill.
  private static final int PREFILL_TOKENS = 2048;

  private final LanguageModel model;
  private final ModelRunner runner;
  private final PromptEncoder encoder;
  private final Limits limits;
  private long tokens;
  private long nanos;

  /// @param encoder of the model's prompts; completions have no text where it has no tokenizer
  public BatchGenerator(LanguageModel model, PromptEncoder encoder, Limits limits) {
    this.model = model;
    this.runner = new ModelRunner(model.decoder());
    this.encoder = encoder;
    this.limits = limits;
  }

  public BatchGenerator(LanguageModel model, PromptEncoder encoder) {
    this(model, encoder, Limits.defaults());
  }

  /// Tokens sampled and time spent since the last call of this method.
  public Throughput throughput() {
    Throughput result = new Throughput(tokens, nanos / 1e9);
    tokens = 0;
    nanos = 0;
    return result;
  }

  @Override
  public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
    return generateAll(List.of(prompt), sampling, versions).getFirst();
  }

  @Override
  public List<Group> generateAll(
      List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
    long held = runner.refresh();
    if (!versions.contains(held)) {
      throw new IllegalArgumentException(
          "the model's weights must be of a version that is asked for: weights=%d versions=%s; publish it first"
              .formatted(held, versions));
    }
    return generateAll(prompts, sampling, (_, _, _) -> {});
  }

  /// Like [#generateAll(List, SamplingParams)], telling `listener` of each token at once.
  public List<Group> generateAll(List<Prompt> prompts, SamplingParams sampling, Listener listener) {
    return groups(prompts.stream().map(encoder::encode).toList(), sampling, listener);
  }

  /// Takes over the weights that the model holds. A generator in the process of its trainer sees
  /// the published weights without being told; this checks which version they are.
  @Override
  public long updateWeights(long version) {
    long held = runner.refresh();
    if (held != version) {
      throw new IllegalArgumentException(
          "version must be that of the model's weights: version=%d weights=%d; publish it first"
              .formatted(version, held));
    }
    return held;
  }

  @Override
  public long version() {
    return model.decoder().version();
  }

  private List<Group> groups(List<int[]> prompts, SamplingParams params, Listener listener) {
    int longest = model.decoder().shape().maxPositions();
    for (int i = 0; i < prompts.size(); i++) {
      int length = prompts.get(i).length;
      if (length == 0 || length >= longest) {
        throw new IllegalArgumentException(
            "a prompt must have at least one token and leave room in max_position_embeddings=%d: prompt=%d tokens=%d; shorten it"
                .formatted(longest, i, length));
      }
    }
    long start = System.nanoTime();
    long version = runner.refresh();
    List<Group> results = new ArrayList<>();
    int first = 0;
    while (first < prompts.size()) {
      int end = waveEnd(prompts, first, params);
      List<List<Sequence>> wave = wave(prompts, first, end, params, listener);
      for (int i = first; i < end; i++) {
        List<Sequence> samples = wave.get(i - first);
        results.add(
            new Group(prompts.get(i), samples.stream().map(s -> s.completion(version)).toList()));
      }
      first = end;
    }
    nanos += System.nanoTime() - start;
    results.forEach(group -> group.completions().forEach(c -> tokens += c.tokens().length));
    return results;
  }

  private int slots(int[] prompt, SamplingParams params) {
    return Math.addExact(prompt.length, Math.multiplyExact(params.n(), room(prompt, params)));
  }

  private int room(int[] prompt, SamplingParams params) {
    return Math.min(params.maxTokens(), model.decoder().shape().maxPositions() - prompt.length);
  }

  private int waveEnd(List<int[]> prompts, int first, SamplingParams params) {
    long slotBytes = 0;
    for (BlockShape block : model.decoder().shape().blocks()) {
      slotBytes += 8L * block.heads().keyValueDim();
    }
    long free = limits.cacheBytes() / slotBytes;
    int end = first;
    int sequences = 0;
    while (end < prompts.size()) {
      free -= slots(prompts.get(end), params);
      sequences += params.n();
      if (end > first && (free < 0 || sequences > limits.maxSequences())) {
        break;
      }
      end++;
    }
    return end;
  }

  private List<List<Sequence>> wave(
      List<int[]> prompts, int first, int end, SamplingParams params, Listener listener) {
    int numSlots = 0;
    List<Sequence> sequences = new ArrayList<>();
    int[] ends = model.endTokens();
    int promptTokens = IntStream.range(first, end).map(i -> prompts.get(i).length).sum();
    for (int i = first; i < end; i++) {
      int[] prompt = prompts.get(i);
      int room = room(prompt, params);
      for (int sample = 0; sample < params.n(); sample++) {
        long key = KeyedRandom.bits(params.seed(), "prompt-" + i, sample);
        int slot = promptTokens + numSlots;
        sequences.add(
            new Sequence(
                i,
                prompt,
                sample,
                key,
                slot,
                room,
                ends,
                params.stop().texts(),
                encoder.tokenizer()));
        numSlots += room;
      }
    }
    Decoder decoder = model.decoder();
    Sampler sampler = new Sampler(decoder.device(), params);
    try (KeyValueCache cache =
        new KeyValueCache(decoder.shape().blocks(), promptTokens + numSlots, decoder.device())) {
      prefill(prompts, first, end, cache, sampler, sequences, listener);
      List<Sequence> active = sequences.stream().filter(s -> !s.done()).toList();
      while (!active.isEmpty()) {
        step(active, cache, sampler, listener);
        active = active.stream().filter(s -> !s.done()).toList();
      }
    }
    return IntStream.range(0, end - first)
        .mapToObj(i -> sequences.subList(i * params.n(), (i + 1) * params.n()))
        .toList();
  }

  /// Computes every prompt once, common beginnings of prompts too, and draws the first token of
  /// each sample. Prompts lie at the beginning of the cache.
  private void prefill(
      List<int[]> prompts,
      int first,
      int end,
      KeyValueCache cache,
      Sampler sampler,
      List<Sequence> sequences,
      Listener listener) {
    int perPrompt = sequences.size() / (end - first);
    int from = first;
    int slot = 0;
    while (from < end) {
      PrefixTree tree = new PrefixTree();
      int to = from;
      while (to < end
          && (to == from || tree.numTokens() + prompts.get(to).length <= PREFILL_TOKENS)) {
        tree.add(prompts.get(to++));
      }
      PrefixTree.Placed placed = tree.place();
      TokenForest forest = placed.forest();
      int firstSlot = slot;
      // The last row of each prompt, once per sample.
      int[] rows = new int[(to - from) * perPrompt];
      List<Sequence> drawn =
          sequences.subList((from - first) * perPrompt, (to - first) * perPrompt);
      for (int i = 0; i < rows.length; i++) {
        int node = placed.ends()[i / perPrompt];
        rows[i] = forest.start(node) + forest.length(node) - 1;
        drawn.get(i).attend(spans(forest, node, firstSlot));
      }
      List<AttentionPlan.Node> nodes = new ArrayList<>();
      for (int node = 0; node < forest.numNodes(); node++) {
        Sequence.Spans keys = spans(forest, node, firstSlot);
        nodes.add(
            new AttentionPlan.Node(
                forest.start(node), forest.length(node), keys.starts(), keys.lengths()));
      }
      int[] slots = IntStream.range(firstSlot, firstSlot + forest.numTokens()).toArray();
      advance(
          forest.tokens(), forest.positions(), nodes, slots, rows, drawn, cache, sampler, listener);
      slot += forest.numTokens();
      from = to;
    }
  }

  /// The slots of the keys of a node's path when the rows of the forest begin at `firstSlot`.
  private static Sequence.Spans spans(TokenForest forest, int node, int firstSlot) {
    Sequence.Spans spans = Sequence.Spans.NONE;
    for (int n : forest.path(node)) {
      spans = spans.plus(firstSlot + forest.start(n), forest.length(n));
    }
    return spans;
  }

  /// Feeds each sequence its last token and draws the next.
  private void step(
      List<Sequence> active, KeyValueCache cache, Sampler sampler, Listener listener) {
    int count = active.size();
    int[] tokens = new int[count];
    int[] positions = new int[count];
    int[] slots = new int[count];
    List<AttentionPlan.Node> nodes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Sequence sequence = active.get(i);
      tokens[i] = sequence.lastToken();
      positions[i] = sequence.lastPosition();
      slots[i] = sequence.lastSlot();
      nodes.add(sequence.node(i));
    }
    int[] rows = IntStream.range(0, count).toArray();
    advance(tokens, positions, nodes, slots, rows, active, cache, sampler, listener);
  }

  private void advance(
      int[] tokens,
      int[] positions,
      List<AttentionPlan.Node> nodes,
      int[] slots,
      int[] rows,
      List<Sequence> drawn,
      KeyValueCache cache,
      Sampler sampler,
      Listener listener) {
    Stop.check();
    AttentionPlan plan = new AttentionPlan(nodes, new int[nodes.size()], AttentionPlan.NO_WINDOW);
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden_TH = runner.forward(tokens, positions, plan, cache, slots);
      Tensor logits_BV = runner.logits(hidden_TH, rows);
      long[] keys = drawn.stream().mapToLong(Sequence::key).toArray();
      int[] at = drawn.stream().mapToInt(Sequence::length).toArray();
      Sampler.Draw[] draws = draw(sampler, logits_BV, keys, at);
      for (int i = 0; i < draws.length; i++) {
        drawn.get(i).append(draws[i]);
        listener.token(drawn.get(i).prompt(), drawn.get(i).sample(), draws[i].token());
      }
    }
  }

  private Sampler.Draw[] draw(Sampler sampler, Tensor logits_BV, long[] keys, int[] at) {
    try {
      return sampler.draw(logits_BV, keys, at);
    } catch (NonFiniteLogitsException e) {
      String cause =
          model
              .decoder()
              .nonFinite()
              .map("the weight %s holds NaN or an infinity; load weights that do not"::formatted)
              .orElse("every weight is finite, so a product overflowed; check the weights' scale");
      throw new IllegalArgumentException(e.getMessage() + "; " + cause, e);
    }
  }
}
