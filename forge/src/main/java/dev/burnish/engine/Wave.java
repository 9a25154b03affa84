package dev.burnish.engine;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.nn.BlockShape;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Groups that are sampled together: their prompts are prefilled in some steps, then all samples
/// advance together, one token per step, until the last is done.
///
/// A group may be spread over several waves: what a sample becomes does not depend on the others. A
/// group that fails, or is failed from outside, leaves the wave at the next step. One thread.
final class Wave implements AutoCloseable {
  /// The setting that the waves of a generator have in common.
  ///
  /// @param endings of the model's completions
  record Setting(
      DecoderShape shape, Device device, Sequence.Endings endings, EngineSettings settings) {
    private long slots() {
      long bytes = 0;
      for (BlockShape block : shape.blocks()) {
        bytes += 8L * block.heads().keyValueDim();
      }
      return Math.min(Integer.MAX_VALUE, settings.cacheBytes() / bytes);
    }

    private int room(GroupTask task) {
      return Math.min(task.sampling().maxTokens(), shape.maxPositions() - task.prompt().length);
    }
  }

  /// Receives each token as it is sampled.
  @FunctionalInterface
  interface Listener {
    void token(Sequence sequence, int token);
  }

  /// The samples of one group in this wave.
  private record Share(GroupTask task, Sampler sampler, List<Sequence> samples) {}

  /// New rows of a model, and the sequences that get a token from some of them.
  ///
  /// @param rows whose logits are drawn from, one per sequence
  private record Rows(
      int[] tokens,
      int[] positions,
      List<AttentionPlan.Node> nodes,
      int[] slots,
      int[] rows,
      List<Sequence> drawn) {}

  /// Rows of prompt tokens in one prefill.
  private static final int PREFILL_TOKENS = 2048;

  private final List<Share> shares;
  private final KeyValueCache cache;
  private final Listener listener;
  private int numPrefilled;
  private int nextSlot;

  private Wave(List<Share> shares, KeyValueCache cache, Listener listener) {
    this.shares = shares;
    this.cache = cache;
    this.listener = listener;
  }

  /// A wave of the samples that the tasks have not begun: in their order, as many as fit, and at
  /// least one.
  static Wave of(List<GroupTask> tasks, Setting setting, Listener listener) {
    List<GroupTask> taken = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    long free = setting.slots();
    int sequences = 0;
    for (GroupTask task : tasks) {
      long left = free - task.prompt().length;
      long fit = Math.min(left / setting.room(task), setting.settings().maxSequences() - sequences);
      int count = (int) Math.min(task.remaining(), taken.isEmpty() ? Math.max(1, fit) : fit);
      if (count <= 0) {
        break;
      }
      taken.add(task);
      counts.add(count);
      free = left - (long) count * setting.room(task);
      sequences += count;
      if (count < task.remaining()) {
        break;
      }
    }
    return of(taken, counts, setting, listener);
  }

  private static Wave of(
      List<GroupTask> tasks, List<Integer> counts, Setting setting, Listener listener) {
    List<Share> shares = new ArrayList<>();
    int slot = tasks.stream().mapToInt(task -> task.prompt().length).sum();
    for (int i = 0; i < tasks.size(); i++) {
      GroupTask task = tasks.get(i);
      List<Sequence> samples = new ArrayList<>();
      for (int n = 0; n < counts.get(i); n++) {
        Sequence.Place place = new Sequence.Place(slot, setting.room(task));
        samples.add(new Sequence(task, task.nextSample(), place, setting.endings()));
        task.begin(samples.getLast());
        slot += place.room();
      }
      shares.add(new Share(task, new Sampler(setting.device(), task.sampling()), samples));
    }
    KeyValueCache cache = new KeyValueCache(setting.shape().blocks(), slot, setting.device());
    return new Wave(shares, cache, listener);
  }

  /// The groups with samples here.
  List<GroupTask> tasks() {
    return shares.stream().map(Share::task).toList();
  }

  /// Whether a sample still grows.
  boolean running() {
    return shares.stream()
        .anyMatch(share ->
            share.task().failure().isEmpty() && !share.samples().stream().allMatch(Sequence::done));
  }

  /// Whether the next step is of prompts.
  boolean prefills() {
    return numPrefilled < shares.size();
  }

  /// Prefills some prompts and draws the first token of each of their samples; once all prompts are
  /// there, feeds each sample its last token and draws the next.
  ///
  /// @param runner over weights of `version`
  void step(ModelRunner runner, long version) {
    List<Share> prompts = new ArrayList<>();
    PrefixTree tree = new PrefixTree();
    while (prefills() && fits(tree, shares.get(numPrefilled).task())) {
      Share share = shares.get(numPrefilled++);
      if (share.task().failure().isEmpty()) {
        prompts.add(share);
        tree.add(share.task().prompt());
      }
    }
    if (!prompts.isEmpty()) {
      advance(prefill(prompts, tree.place()), runner, version);
    } else if (running()) {
      advance(decode(), runner, version);
    }
  }

  private static boolean fits(PrefixTree tree, GroupTask task) {
    return tree.numTokens() == 0 || tree.numTokens() + task.prompt().length <= PREFILL_TOKENS;
  }

  /// Every prompt once, common beginnings of prompts too. Prompts lie at the beginning of the
  /// cache.
  private Rows prefill(List<Share> prompts, PrefixTree.Placed placed) {
    TokenForest forest = placed.forest();
    int firstSlot = nextSlot;
    nextSlot += forest.numTokens();
    List<Sequence> drawn = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int node = placed.ends()[i];
      for (Sequence sample : prompts.get(i).samples()) {
        rows.add(forest.start(node) + forest.length(node) - 1);
        sample.attend(spans(forest, node, firstSlot));
        drawn.add(sample);
      }
    }
    List<AttentionPlan.Node> nodes = new ArrayList<>();
    for (int node = 0; node < forest.numNodes(); node++) {
      Sequence.Spans keys = spans(forest, node, firstSlot);
      nodes.add(
          new AttentionPlan.Node(
              forest.start(node), forest.length(node), keys.starts(), keys.lengths()));
    }
    return new Rows(
        forest.tokens(),
        forest.positions(),
        nodes,
        IntStream.range(firstSlot, nextSlot).toArray(),
        rows.stream().mapToInt(Integer::intValue).toArray(),
        drawn);
  }

  /// The slots of the keys of a node's path when the rows of the forest begin at `firstSlot`.
  private static Sequence.Spans spans(TokenForest forest, int node, int firstSlot) {
    Sequence.Spans spans = Sequence.Spans.NONE;
    for (int n : forest.path(node)) {
      spans = spans.plus(firstSlot + forest.start(n), forest.length(n));
    }
    return spans;
  }

  private Rows decode() {
    List<Sequence> active =
        shares.stream()
            .filter(share -> share.task().failure().isEmpty())
            .flatMap(share -> share.samples().stream())
            .filter(sample -> !sample.done())
            .toList();
    int[] rows = IntStream.range(0, active.size()).toArray();
    return new Rows(
        active.stream().mapToInt(Sequence::lastToken).toArray(),
        active.stream().mapToInt(Sequence::lastPosition).toArray(),
        IntStream.of(rows).mapToObj(row -> active.get(row).node(row)).toList(),
        active.stream().mapToInt(Sequence::lastSlot).toArray(),
        rows,
        active);
  }

  private void advance(Rows rows, ModelRunner runner, long version) {
    List<AttentionPlan.Node> nodes = rows.nodes();
    AttentionPlan plan = new AttentionPlan(nodes, new int[nodes.size()], AttentionPlan.NO_WINDOW);
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden_TH = runner.forward(rows.tokens(), rows.positions(), plan, cache, rows.slots());
      Tensor logits_BV = runner.logits(hidden_TH, rows.rows());
      int from = 0;
      for (Share share : shares) {
        int to = from;
        while (to < rows.drawn().size() && rows.drawn().get(to).group() == share.task()) {
          to++;
        }
        if (to > from) {
          Tensor logits = logits_BV.narrow(0, from, to - from);
          draw(share, logits, rows.drawn().subList(from, to), version);
          from = to;
        }
      }
    }
  }

  /// Draws for the samples of one group, which alone fails if that does.
  private void draw(Share share, Tensor logits_BV, List<Sequence> samples, long version) {
    try {
      long[] keys = samples.stream().mapToLong(Sequence::key).toArray();
      int[] at = samples.stream().mapToInt(Sequence::length).toArray();
      Sampler.Draw[] draws = share.sampler().draw(logits_BV, keys, at);
      for (int i = 0; i < draws.length; i++) {
        samples.get(i).append(draws[i], version);
        listener.token(samples.get(i), draws[i].token());
        Sequence sample = samples.get(i);
        RequestListener told = share.task().listener();
        told.token(
            new RequestListener.SampledToken(
                sample.sample(), draws[i].token(), draws[i].logprob()));
        if (sample.done()) {
          told.ended(sample.sample(), sample.completion());
        }
      }
    } catch (RuntimeException e) {
      share.task().fail(e);
    }
  }

  @Override
  public void close() {
    cache.close();
  }
}
