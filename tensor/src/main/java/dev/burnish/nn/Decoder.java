package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.PreparedWeight;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;

/// A decoder-only transformer as a list of parts: embedding, blocks, final norm and head.
/// Everything that knows about checkpointing, sharding or offload works on that list, from outside.
///
/// It is built over [Weights] that it is given, in whatever memory they are, or over its own.
/// Parameter names are those of Hugging Face. One forward or backward at a time.
public final class Decoder implements AutoCloseable {
  static final String EMBEDDING = "model.embed_tokens.weight";
  static final String NORM = "model.norm.weight";
  static final String HEAD = "lm_head.weight";
  // As transformers names it in a model for sequence classification.
  static final String VALUE_HEAD = "score.weight";

  private final DecoderShape shape;
  private final Device device;
  private final Kernels kernels;
  private final Weights weights;
  private final Parameters embedding;
  private final List<DecoderBlock> blocks = new ArrayList<>();
  private final Parameters end;
  private final Tensor embedding_VH;
  private final Head baseHead;
  private Head head;
  private final List<Parameters> adapters = new ArrayList<>();
  // What close() does; nothing for a decoder that shares the parts of another.
  private final List<Runnable> closing = new ArrayList<>();
  // What was derived from the parts and goes before them; one list for all that share the parts.
  private final List<ModelRunner> runners;
  private Optional<Weights> adaptation = Optional.empty();
  private LoraConfig lora = LoraConfig.defaults();
  private long loraSeed;

  /// A decoder over weights of its own, which are all zero.
  public Decoder(DecoderShape shape, Device device) {
    this(shape, Weights.zeros(layouts(shape), device));
    closing.add(weights::close);
  }

  /// A decoder over weights that stay their owner's, to close after it.
  ///
  /// @param weights of the [#layouts] of the shape
  public Decoder(DecoderShape shape, Weights weights) {
    this.shape = shape;
    this.weights = weights;
    this.device = weights.part(0).device();
    this.kernels = Kernels.of(device);
    embedding = Parameters.of(weights, 0);
    for (int i = 0; i < shape.blocks().size(); i++) {
      Parameters part = Parameters.of(weights, i + 1);
      blocks.add(new DecoderBlock(prefix(i), shape.blocks().get(i), part));
    }
    end = Parameters.of(weights, shape.blocks().size() + 1);
    embedding_VH = embedding.value(EMBEDDING);
    baseHead = newHead();
    head = baseHead;
    runners = new CopyOnWriteArrayList<>();
    parts().forEach(part -> closing.add(part::close));
  }

  /// The layout of each part of a decoder of that shape, in the order of [#parts].
  public static List<FlatLayout> layouts(DecoderShape shape) {
    int v = shape.vocabulary();
    int h = shape.hidden();
    List<FlatLayout> layouts = new ArrayList<>();
    layouts.add(FlatLayout.of(List.of(new ParameterSpec(EMBEDDING, v, h))));
    for (int i = 0; i < shape.blocks().size(); i++) {
      layouts.add(DecoderBlock.layout(prefix(i), shape.blocks().get(i)));
    }
    List<ParameterSpec> last = new ArrayList<>(List.of(new ParameterSpec(NORM, h)));
    switch (shape.head()) {
      case TIED -> {}
      case UNTIED -> last.add(new ParameterSpec(HEAD, v, h));
      case VALUE -> last.add(new ParameterSpec(VALUE_HEAD, 1, h));
    }
    layouts.add(FlatLayout.of(last));
    return layouts;
  }

  /// How the weights of each part lie when they are packed for generation on this machine.
  public static List<PackedPart> packedParts(DecoderShape shape, WeightFormat format) {
    List<FlatLayout> layouts = layouts(shape);
    List<PackedPart> parts = new ArrayList<>();
    for (int part = 0; part < layouts.size(); part++) {
      parts.add(PackedPart.of(layouts.get(part), modules(shape, part), format));
    }
    return parts;
  }

  /// The modules of each matrix that generation multiplies by, of a part.
  private static List<List<String>> modules(DecoderShape shape, int part) {
    int blocks = shape.blocks().size();
    if (part > 0 && part <= blocks) {
      return DecoderBlock.modules(prefix(part - 1));
    }
    return switch (shape.head()) {
      case TIED -> part == 0 ? List.of(List.of(moduleOf(EMBEDDING))) : List.of();
      case UNTIED -> part == 0 ? List.of() : List.of(List.of(moduleOf(HEAD)));
      case VALUE -> List.of();
    };
  }

  private static String prefix(int block) {
    return "model.layers." + block + ".";
  }

  /// The same decoder without its adaptation.
  private Decoder(Decoder adapted) {
    shape = adapted.shape;
    weights = adapted.weights;
    device = adapted.device;
    kernels = adapted.kernels;
    embedding = adapted.embedding;
    adapted.blocks.forEach(block -> blocks.add(block.base()));
    end = adapted.end;
    embedding_VH = adapted.embedding_VH;
    baseHead = adapted.baseHead;
    head = baseHead;
    runners = adapted.runners;
  }

  private Head newHead() {
    Linear projection =
        switch (shape.head()) {
          case TIED -> Linear.withoutBias(kernels, embedding, moduleOf(EMBEDDING));
          case UNTIED -> Linear.withoutBias(kernels, end, moduleOf(HEAD));
          case VALUE -> Linear.withoutBias(kernels, ofValueHead(), moduleOf(VALUE_HEAD));
        };
    return new Head(shape, kernels, end, projection);
  }

  /// The parameters with the matrix of a head of values: an adaptation has one of its own, since
  /// the head has to be trained from the beginning.
  private Parameters ofValueHead() {
    return adapters.isEmpty() ? end : adapters.getLast();
  }

  private void copyValueHead(Parameters from, Parameters to) {
    try (TensorScope _ = TensorScope.open()) {
      to.value(VALUE_HEAD).copy_(from.value(VALUE_HEAD));
    }
  }

  private static String moduleOf(String weight) {
    return weight.substring(0, weight.length() - ".weight".length());
  }

  /// Freezes all parameters and adapts the matrices of the blocks that a configuration names, and
  /// of a critic the head of values as a whole; does nothing if the rank is 0. The decoder's
  /// results are unchanged until training changes the adaptation.
  ///
  /// @param seed of the adaptation's initial values and of its dropout
  /// @throws IllegalArgumentException if a pattern of `lora.modules` names no matrix of a block
  public void adapt(LoraConfig config, long seed) {
    if (!config.adapts()) {
      return;
    }
    Weights added = Weights.zeros(adapterLayouts(config), device);
    adapt(config, seed, added);
    blocks.forEach(block -> block.initializeAdapter(seed));
    if (shape.head() == HeadKind.VALUE) {
      copyValueHead(end, adapters.getLast());
    }
    closing.add(added::close);
  }

  /// The same with the values of an adaptation, which stay their owner's.
  ///
  /// @param seed of the adaptation's dropout
  /// @param given of the [#adapterLayouts]
  public void adapt(LoraConfig config, long seed, Weights given) {
    if (lora.adapts() || closing.isEmpty()) {
      throw new IllegalStateException("a decoder is adapted once: rank=" + lora.rank());
    }
    requireMatches(config);
    lora = config;
    loraSeed = seed;
    parts().forEach(part -> part.gradients().freeze());
    for (int part = 0; part < given.numParts(); part++) {
      adapters.add(Parameters.of(given, part));
    }
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).adapt(config, adapters.get(i + 1));
    }
    head = shape.head() == HeadKind.VALUE ? newHead() : baseHead;
    adaptation = Optional.of(given);
    adapters.forEach(part -> closing.add(part::close));
  }

  /// The layout of each part of an adaptation: nothing of embedding, norm and head, except that of
  /// a critic.
  public List<FlatLayout> adapterLayouts(LoraConfig config) {
    List<FlatLayout> layouts = new ArrayList<>(List.of(FlatLayout.empty()));
    blocks.forEach(block -> layouts.add(block.adapterLayout(config)));
    layouts.add(
        shape.head() == HeadKind.VALUE
            ? FlatLayout.of(List.of(new ParameterSpec(VALUE_HEAD, 1, shape.hidden())))
            : FlatLayout.empty());
    return layouts;
  }

  private void requireMatches(LoraConfig config) {
    List<String> modules = new ArrayList<>();
    blocks.forEach(block -> modules.addAll(block.modules()));
    for (String pattern : config.modules()) {
      if (modules.stream().noneMatch(module -> LoraConfig.matches(pattern, module))) {
        throw new IllegalArgumentException(
            "lora.modules names matrices of blocks: pattern=%s; they are named like %s"
                .formatted(pattern, modules.getFirst()));
      }
    }
  }

  /// The seed of the adaptation's dropout, and of its initial values where they are random.
  public long loraSeed() {
    return loraSeed;
  }

  /// How the decoder is adapted; without a rank where it is not.
  public LoraConfig lora() {
    return lora;
  }

  /// This decoder without its adaptation, over the same parameters: valid while this one is open,
  /// and with nothing to close.
  public Decoder base() {
    return new Decoder(this);
  }

  /// The trained parameters, at the index of the part that they belong to: the parts themselves, or
  /// for an adapted decoder the adaptation of each block, and nothing of embedding, norm and head,
  /// except that of a critic.
  public List<Parameters> trained() {
    return adapters.isEmpty() ? parts() : Collections.unmodifiableList(adapters);
  }

  /// Index of the first part with a trained parameter: no gradient is needed below it.
  int firstTrained() {
    List<Parameters> trained = trained();
    int first = 0;
    while (first < trained.size() && trained.get(first).gradients().size() == 0) {
      first++;
    }
    return first;
  }

  /// The weights that training changes: those of the adaptation where there is one, else all.
  public Weights trainedWeights() {
    return adaptation.orElse(weights);
  }

  /// The weights without an adaptation.
  public Weights weights() {
    return weights;
  }

  /// The version of the weights that this decoder computes with: that of [#trainedWeights].
  public long version() {
    return trainedWeights().version();
  }

  public long numTrained() {
    return trainedWeights().numElements();
  }

  /// Fills every parameter from the seed: matrices from a normal distribution of that deviation,
  /// norms with 1, biases with 0. A parameter's values depend on the seed and its name only.
  public Decoder initialize(long seed, double deviation) {
    float[] piece = new float[1 << 18];
    for (Parameters part : parts()) {
      for (String name : part.layout().names()) {
        fill(part, name, KeyedRandom.of(seed, name, 0), deviation, piece);
      }
    }
    weights.publish(weights.version());
    return this;
  }

  /// In pieces, to keep a whole embedding out of the Java heap.
  private static void fill(
      Parameters part, String name, RandomGenerator random, double deviation, float[] piece) {
    boolean matrix = part.layout().spec(name).shape().length > 1;
    int size = part.layout().spec(name).size();
    for (int from = 0; from < size; from += piece.length) {
      int count = Math.min(piece.length, size - from);
      for (int i = 0; i < count; i++) {
        piece[i] =
            matrix ? (float) (deviation * random.nextGaussian()) : name.endsWith(".bias") ? 0 : 1;
      }
      try (TensorScope _ = TensorScope.open()) {
        Tensor values = Tensor.of(piece, piece.length).narrow(0, 0, count);
        part.values().narrow(0, (long) part.layout().offset(name) + from, count).copy_(values);
      }
    }
  }

  public DecoderShape shape() {
    return shape;
  }

  public Device device() {
    return device;
  }

  Kernels kernels() {
    return kernels;
  }

  List<DecoderBlock> blocks() {
    return blocks;
  }

  /// The parameters in order of the forward: embedding, each block, final norm with the head.
  public List<Parameters> parts() {
    List<Parameters> parts = new ArrayList<>();
    parts.add(embedding);
    blocks.forEach(block -> parts.add(block.parameters()));
    parts.add(end);
    return parts;
  }

  public long numParameters() {
    return weights.numElements();
  }

  /// The name of the first parameter that holds a value which is not finite.
  public Optional<String> nonFinite() {
    try (TensorScope _ = TensorScope.open()) {
      return partByName().entrySet().stream()
          .filter(entry -> !isFinite(entry.getValue().value(entry.getKey())))
          .map(Map.Entry::getKey)
          .findFirst();
    }
  }

  /// A zero for each finite value, NaN for each other.
  private static boolean isFinite(Tensor values) {
    return values.mul(0).sum().item() == 0;
  }

  /// Which part holds each parameter, by name.
  public Map<String, Parameters> partByName() {
    Map<String, Parameters> result = new LinkedHashMap<>();
    for (Parameters part : parts()) {
      part.layout().names().forEach(name -> result.put(name, part));
    }
    return result;
  }

  /// Copies every parameter of a decoder of the same shape; an adaptation of its becomes part of
  /// the matrices.
  public void copyFrom(Decoder other) {
    requireNotAdapted();
    weights.copyFrom(other.weights);
    mergeBlocks(other);
    if (shape.head() == HeadKind.VALUE) {
      copyValueHead(other.ofValueHead(), end);
    }
  }

  /// Copies every parameter except the head of a decoder whose shape differs at most in the head,
  /// as [#copyFrom] does.
  public void copyTrunkFrom(Decoder other) {
    requireNotAdapted();
    for (int part = 0; part < weights.numParts() - 1; part++) {
      weights.part(part).copy_(other.weights.part(part));
    }
    try (TensorScope _ = TensorScope.open()) {
      end.value(NORM).copy_(other.end.value(NORM));
    }
    weights.publish(other.weights.version());
    mergeBlocks(other);
  }

  private void requireNotAdapted() {
    if (lora.adapts()) {
      throw new IllegalStateException(
          "an adapted decoder is not copied into: rank=%d; copy first, then adapt"
              .formatted(lora.rank()));
    }
  }

  private void mergeBlocks(Decoder other) {
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).merge(other.blocks.get(i));
    }
  }

  /// The part that holds a parameter.
  ///
  /// @throws IllegalArgumentException if none does
  public Parameters part(String name) {
    Parameters part = partByName().get(name);
    if (part == null) {
      throw new IllegalArgumentException("a model has no such parameter: name=" + name);
    }
    return part;
  }

  public void freeGradients() {
    trained().forEach(part -> part.gradients().free());
  }

  /// Forward over a packed batch, to be followed by [Pass#logprobs] or [Pass#backward].
  public Pass forward(TokenForest forest, ActivationPolicy policy) {
    return forward(forest, policy, Optional.empty(), 0, Numerics.BATCH_INVARIANT);
  }

  /// The same, with a store for the activations that the policy does not keep, a key of its own for
  /// the randomness of a pass (the dropout of an adaptation), and a choice of numerics.
  public Pass forward(
      TokenForest forest,
      ActivationPolicy policy,
      Optional<ActivationPolicy.Store> store,
      long key,
      Numerics numerics) {
    Dropout dropout = new Dropout(lora.dropout(), KeyedRandom.bits(loraSeed, "dropout", key));
    Retention retention = new Retention.ForBackward(policy, store);
    return Pass.forward(this, context(forest, dropout, numerics), forest.tokens(), retention);
  }

  /// Forward that keeps nothing, for log-probabilities alone: those that a generator gives.
  public Pass evaluate(TokenForest forest) {
    return evaluate(forest, Numerics.BATCH_INVARIANT);
  }

  /// The same with a choice of numerics.
  public Pass evaluate(TokenForest forest, Numerics numerics) {
    PassContext context = context(forest, Dropout.NONE, numerics);
    return Pass.forward(this, context, forest.tokens(), new Retention.Nothing());
  }

  private PassContext context(TokenForest forest, Dropout dropout, Numerics numerics) {
    return context(forest.positions(), forest.plan(), dropout, numerics);
  }

  /// @throws IllegalArgumentException if a position lies beyond what the model was made for
  PassContext context(int[] positions, AttentionPlan plan, Dropout dropout, Numerics numerics) {
    int last = 0;
    for (int position : positions) {
      last = Math.max(last, position);
    }
    if (last >= shape.maxPositions()) {
      throw new IllegalArgumentException(
          "a sequence of %d tokens exceeds max_position_embeddings=%d; shorten the prompt or the completion"
              .formatted(last + 1, shape.maxPositions()));
    }
    return new PassContext(positions, shape.rope().table(last + 1), plan, dropout, numerics);
  }

  /// Embeddings of tokens, `[T, H]`, the caller's to close.
  Tensor embed(int[] tokens) {
    return embed(embedding_VH, tokens);
  }

  /// The same from another table.
  Tensor embed(Tensor table_VH, int[] tokens) {
    Tensor out_TH = Tensor.empty(DType.F32, device, tokens.length, shape.hidden());
    kernels.gatherRows(table_VH, tokens, out_TH);
    return out_TH;
  }

  /// The same from a prepared table.
  Tensor embed(PreparedWeight table_VH, int[] tokens) {
    Tensor out_TH = Tensor.empty(DType.F32, device, tokens.length, shape.hidden());
    kernels.gatherRows(table_VH, tokens, out_TH);
    return out_TH;
  }

  void embedBackward(int[] tokens, Tensor d_TH) {
    if (embedding.gradients().areFrozen(EMBEDDING)) {
      return;
    }
    try (Tensor gradient = embedding.gradients().of(EMBEDDING)) {
      kernels.scatterAddRows(d_TH, tokens, gradient);
    }
  }

  Head head() {
    return head;
  }

  /// The runners over this decoder, to be closed before it: a runner adds and removes itself.
  List<ModelRunner> runners() {
    return runners;
  }

  /// Closes the runners over the decoder, and what the decoder owns.
  @Override
  public void close() {
    if (!closing.isEmpty()) {
      List.copyOf(runners).forEach(ModelRunner::close);
    }
    closing.forEach(Runnable::run);
  }
}
