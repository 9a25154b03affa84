package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.MappedFile;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Gradients of whole decoders by finite differences, and that how a batch is packed changes no
/// number.
class DecoderTest {
  private static final int VOCABULARY = 23;
  private final SplittableRandom random = new SplittableRandom(11);

  /// The options in which blocks differ.
  enum Kind {
    PLAIN(false, false, true, AttentionPlan.NO_WINDOW),
    BIASES(true, false, true, AttentionPlan.NO_WINDOW),
    NORMED_HEADS(false, true, true, AttentionPlan.NO_WINDOW),
    WINDOW(false, false, true, 3),
    NO_ROPE(true, true, false, AttentionPlan.NO_WINDOW);

    final boolean bias;
    final boolean norm;
    final boolean rope;
    final int window;

    Kind(boolean bias, boolean norm, boolean rope, int window) {
      this.bias = bias;
      this.norm = norm;
      this.rope = rope;
      this.window = window;
    }
  }

  static Decoder decoder(Kind kind, HeadKind head) {
    BlockShape block =
        new BlockShape(
            12,
            20,
            new Heads(4, 2, 6),
            1e-5,
            kind.bias,
            kind.bias,
            kind.bias,
            kind.norm,
            kind.rope,
            kind.window);
    float[] frequencies = {1f, 0.3f, 0.1f};
    RopeTables.Frequencies rope =
        new RopeTables.Frequencies() {
          @Override
          public float[] inverse(int positions) {
            return frequencies;
          }

          @Override
          public double attentionFactor() {
            return 1;
          }

          @Override
          public boolean changes(int positions, int otherPositions) {
            return false;
          }
        };
    DecoderShape shape =
        new DecoderShape(
            VOCABULARY, 12, List.of(block, block), 1e-5, head, 64, new RopeTables(rope));
    return new Decoder(shape, Device.CPU).initialize(5, 0.3);
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, VOCABULARY).toArray();
  }

  private record Batch(TokenForest forest, Targets targets) {}

  private Batch batch() {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    int prompt = forest.add(TokenForest.ROOT, tokens(5));
    targets.addNode(forest, forest.add(prompt, tokens(3)), 0);
    targets.addNode(forest, forest.add(prompt, tokens(2)), 0);
    targets.addNode(forest, forest.add(TokenForest.ROOT, tokens(4)), 1);
    return new Batch(forest, targets);
  }

  /// A loss with a different weight on each target's log-probability and entropy.
  private static double loss(Decoder decoder, Batch batch) {
    try (TensorScope _ = TensorScope.open();
        Pass pass = decoder.evaluate(batch.forest())) {
      Pass.Logprobs result = pass.logprobs(batch.targets(), 0.9);
      double sum = 0;
      for (int i = 0; i < result.logprobs().length; i++) {
        sum += (0.3 + 0.1 * i) * result.logprobs()[i] + 0.05 * i * result.entropy()[i];
      }
      return sum;
    }
  }

  private static Pass.Logprobs backward(Decoder decoder, Batch batch, ActivationPolicy policy) {
    try (TensorScope _ = TensorScope.open();
        Pass pass = decoder.forward(batch.forest(), policy)) {
      return pass.backward(
              batch.targets(),
              0.9,
              chunk -> {
                for (int i = chunk.from(); i < chunk.to(); i++) {
                  chunk.dLogprobs()[i] = 0.3f + 0.1f * i;
                  chunk.dEntropies()[i] = 0.05f * i;
                }
                return 0;
              })
          .targets();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyParameterHasTheGradientOfFiniteDifferences(Kind kind) {
    try (Decoder decoder = decoder(kind, HeadKind.UNTIED)) {
      Batch batch = batch();
      backward(decoder, batch, ActivationPolicy.keepAll());
      for (Parameters part : decoder.parts()) {
        for (String name : part.layout().names()) {
          int size = part.layout().spec(name).size();
          for (int trial = 0; trial < 4; trial++) {
            int index = part.layout().offset(name) + random.nextInt(size);
            double analytic = element(part.gradients().values(), index);
            double numeric =
                (shifted(decoder, part, index, 4e-3f, batch)
                        - shifted(decoder, part, index, -4e-3f, batch))
                    / 8e-3;
            assertThat(analytic)
                .as("%s[%d] of %s", name, index, kind)
                .isCloseTo(numeric, within(4e-3 * (1 + Math.abs(numeric))));
          }
        }
      }
    }
  }

  static List<Predicate<String>> frozen() {
    return List.of(
        name -> name.matches(".*(q_proj.*|up_proj.weight|norm.weight)"),
        name -> name.matches(".*(k_proj.weight|v_proj.bias|o_proj.*)"),
        name -> name.contains("embed") || name.contains("layers.0."),
        name -> !name.endsWith("layers.1.mlp.down_proj.weight"),
        name -> name.contains("lm_head") || name.equals("model.norm.weight"));
  }

  private static void freeze(Decoder decoder, Predicate<String> frozen) {
    for (Parameters part : decoder.parts()) {
      part.gradients()
          .freezeOnly(part.layout().names().stream().filter(frozen).collect(Collectors.toSet()));
    }
  }

  private static Map<String, float[]> byName(Decoder decoder) {
    Map<String, float[]> result = new TreeMap<>();
    try (TensorScope _ = TensorScope.open()) {
      decoder
          .partByName()
          .forEach((name, part) -> {
            if (!part.gradients().areFrozen(name)) {
              result.put(name, part.gradients().of(name).toFloatArray());
            }
          });
    }
    decoder.freeGradients();
    return result;
  }

  @ParameterizedTest
  @MethodSource("frozen")
  void frozenParametersHaveNoGradientsAndChangeNoOther(Predicate<String> frozen) {
    for (Kind kind : Kind.values()) {
      try (Decoder decoder = decoder(kind, HeadKind.UNTIED)) {
        Batch batch = batch();
        backward(decoder, batch, ActivationPolicy.keepAll());
        Map<String, float[]> all = byName(decoder);
        freeze(decoder, frozen);
        backward(decoder, batch, ActivationPolicy.keepAll());
        long held = decoder.parts().stream().mapToLong(part -> part.gradients().size()).sum();
        Map<String, float[]> some = byName(decoder);
        all.keySet().removeIf(frozen);
        assertThat(some.keySet()).isEqualTo(all.keySet());
        assertThat(held).isEqualTo(some.values().stream().mapToLong(g -> g.length).sum());
        some.forEach((name, gradient) ->
            assertThat(gradient).as("%s of %s", name, kind).isEqualTo(all.get(name)));
        some.forEach((name, gradient) -> checkOne(decoder, name, gradient, batch));
      }
    }
  }

  private void checkOne(Decoder decoder, String name, float[] gradient, Batch batch) {
    Parameters part = decoder.part(name);
    int index = random.nextInt(gradient.length);
    int at = part.layout().offset(name) + index;
    double numeric =
        (shifted(decoder, part, at, 4e-3f, batch) - shifted(decoder, part, at, -4e-3f, batch))
            / 8e-3;
    assertThat((double) gradient[index])
        .as("%s[%d]", name, index)
        .isCloseTo(numeric, within(4e-3 * (1 + Math.abs(numeric))));
  }

  private static double element(Tensor flat, int index) {
    try (Tensor view = flat.narrow(0, index, 1)) {
      return view.item();
    }
  }

  private static double shifted(
      Decoder decoder, Parameters part, int index, float by, Batch batch) {
    try (Tensor view = part.values().narrow(0, index, 1)) {
      double before = view.item();
      view.fill_(before + by);
      double loss = loss(decoder, batch);
      view.fill_(before);
      return loss;
    }
  }

  private static List<float[]> gradients(Decoder decoder) {
    List<float[]> result = new ArrayList<>();
    decoder.parts().forEach(part -> result.add(part.gradients().values().toFloatArray()));
    decoder.freeGradients();
    return result;
  }

  private static void assertEqual(List<float[]> actual, List<float[]> expected, double tolerance) {
    for (int i = 0; i < expected.size(); i++) {
      for (int j = 0; j < expected.get(i).length; j++) {
        assertThat((double) actual.get(i)[j])
            .isCloseTo(expected.get(i)[j], within(tolerance * (1 + Math.abs(expected.get(i)[j]))));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aSharedPromptGivesTheNumbersOfARepeatedOne(Kind kind) {
    try (Decoder decoder = decoder(kind, HeadKind.TIED)) {
      int[] prompt = tokens(7);
      int[][] samples = {tokens(3), tokens(1), tokens(6)};
      TokenForest shared = new TokenForest();
      Targets sharedTargets = new Targets();
      int root = shared.add(TokenForest.ROOT, prompt);
      TokenForest repeated = new TokenForest();
      Targets repeatedTargets = new Targets();
      for (int[] sample : samples) {
        sharedTargets.addNode(shared, shared.add(root, sample), 0);
        int[] whole = java.util.Arrays.copyOf(prompt, prompt.length + sample.length);
        System.arraycopy(sample, 0, whole, prompt.length, sample.length);
        repeatedTargets.addNode(repeated, repeated.add(TokenForest.ROOT, whole), prompt.length);
      }
      Pass.Logprobs a =
          backward(decoder, new Batch(shared, sharedTargets), ActivationPolicy.keepAll());
      List<float[]> sharedGradients = gradients(decoder);
      Pass.Logprobs b =
          backward(decoder, new Batch(repeated, repeatedTargets), ActivationPolicy.keepAll());
      assertThat(a.logprobs())
          .containsExactly(b.logprobs(), org.assertj.core.data.Offset.offset(1e-5f));
      assertEqual(sharedGradients, gradients(decoder), 1e-5);
    }
  }

  @Test
  void nestedPrefixesGiveTheNumbersOfWholeSequences() {
    try (Decoder decoder = decoder(Kind.PLAIN, HeadKind.TIED)) {
      int[] turns = tokens(9);
      TokenForest nested = new TokenForest();
      int first = nested.add(TokenForest.ROOT, java.util.Arrays.copyOf(turns, 4));
      int second = nested.add(first, java.util.Arrays.copyOfRange(turns, 4, 6));
      int third = nested.add(second, java.util.Arrays.copyOfRange(turns, 6, 9));
      Targets targets = new Targets().addNode(nested, second, 0).addNode(nested, third, 0);
      TokenForest whole = new TokenForest();
      Targets wholeTargets = new Targets().addNode(whole, whole.add(TokenForest.ROOT, turns), 4);
      Pass.Logprobs a = backward(decoder, new Batch(nested, targets), ActivationPolicy.keepAll());
      List<float[]> gradients = gradients(decoder);
      Pass.Logprobs b =
          backward(decoder, new Batch(whole, wholeTargets), ActivationPolicy.keepAll());
      assertThat(a.logprobs())
          .containsExactly(b.logprobs(), org.assertj.core.data.Offset.offset(1e-5f));
      assertEqual(gradients, gradients(decoder), 1e-5);
    }
  }

  @Test
  void packedDocumentsDoNotSeeEachOther() {
    try (Decoder decoder = decoder(Kind.PLAIN, HeadKind.TIED)) {
      int[] document = tokens(6);
      TokenForest alone = new TokenForest();
      Targets aloneTargets = new Targets().addNode(alone, alone.add(TokenForest.ROOT, document), 1);
      TokenForest packed = new TokenForest();
      packed.add(TokenForest.ROOT, tokens(8));
      Targets targets = new Targets().addNode(packed, packed.add(TokenForest.ROOT, document), 1);
      packed.add(TokenForest.ROOT, tokens(3));
      float[] a =
          backward(decoder, new Batch(alone, aloneTargets), ActivationPolicy.keepAll()).logprobs();
      float[] b =
          backward(decoder, new Batch(packed, targets), ActivationPolicy.keepAll()).logprobs();
      assertThat(b).containsExactly(a, org.assertj.core.data.Offset.offset(1e-6f));
    }
  }

  @Test
  void recomputingActivationsChangesNoBit() {
    try (Decoder decoder = decoder(Kind.BIASES, HeadKind.TIED)) {
      Batch batch = batch();
      float[] kept = backward(decoder, batch, ActivationPolicy.keepAll()).logprobs();
      List<float[]> expected = gradients(decoder);
      for (ActivationPolicy policy :
          List.of(
              ActivationPolicy.recomputeAll(),
              ActivationPolicy.recomputeEvery(2),
              ActivationPolicy.withinBytes(1))) {
        assertThat(backward(decoder, batch, policy).logprobs()).isEqualTo(kept);
        List<float[]> actual = gradients(decoder);
        for (int i = 0; i < expected.size(); i++) {
          assertThat(actual.get(i)).isEqualTo(expected.get(i));
        }
      }
    }
  }

  @Test
  void refusesASequenceLongerThanTheModel() {
    try (Decoder decoder = decoder(Kind.PLAIN, HeadKind.TIED)) {
      TokenForest forest = new TokenForest();
      forest.add(TokenForest.ROOT, tokens(65));
      assertThatThrownBy(() -> decoder.evaluate(forest))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a sequence of 65 tokens exceeds max_position_embeddings=64");
    }
  }

  @Test
  void nothingPredictsTheFirstTokenOfARoot() {
    TokenForest forest = new TokenForest();
    int root = forest.add(TokenForest.ROOT, 1, 2);
    assertThat(forest.predictor(root, 1)).isZero();
    assertThat(forest.predictor(forest.add(root, 3), 0)).isEqualTo(1);
    assertThatThrownBy(() -> forest.predictor(root, 0))
        .hasMessageContaining("start targets at index 1");
  }

  @Test
  void aDecoderOverWeightsOfOthersGivesTheBitsOfTheirOwn(@TempDir Path folder) {
    try (TensorScope _ = TensorScope.open();
        Decoder own = decoder(Kind.PLAIN, HeadKind.UNTIED)) {
      Batch batch = batch();
      Weights weights = own.weights();
      long bytes =
          weights.layouts().stream().mapToLong(part -> MappedFile.rounded(4L * part.size())).sum();
      try (MappedFile file = MappedFile.create(folder, bytes)) {
        List<Tensor> parts = new ArrayList<>();
        for (int part = 0; part < weights.numParts(); part++) {
          parts.add(file.allocate(DType.F32, weights.part(part).numElements()));
          parts.getLast().copy_(weights.part(part));
        }
        Weights mapped = Weights.over(Decoder.layouts(own.shape()), parts, 5);
        try (Decoder other = new Decoder(own.shape(), mapped)) {
          assertThat(other.version()).isEqualTo(5);
          assertThat(loss(other, batch)).isEqualTo(loss(own, batch));
        }
        assertThat(parts.getFirst().toFloatArray()).isEqualTo(weights.part(0).toFloatArray());
      }
    }
  }

  @Test
  void aGeneratorComputesWithWhatWasPublished() {
    try (TensorScope _ = TensorScope.open();
        Decoder decoder = decoder(Kind.PLAIN, HeadKind.UNTIED)) {
      ModelRunner runner = new ModelRunner(decoder);
      float[] before = firstLogits(decoder, runner);
      String name = "model.layers.0.mlp.down_proj.weight";
      decoder.part(name).value(name).mul_(2);
      assertThat(runner.refresh()).isZero();
      assertThat(firstLogits(decoder, runner)).as("before publishing").isEqualTo(before);
      decoder.weights().publish(1);
      assertThat(runner.refresh()).isEqualTo(1);
      TokenForest forest = new TokenForest();
      forest.add(TokenForest.ROOT, 1, 2, 3);
      try (Pass pass = decoder.evaluate(forest)) {
        assertThat(firstLogits(decoder, runner))
            .isNotEqualTo(before)
            .containsExactly(pass.logits(2).toFloatArray(), Offset.offset(1e-5f));
      }
    }
  }

  @Test
  void aGeneratorComputesNothingBeforeEveryPartOfItsWeightsIsLoaded() {
    try (TensorScope _ = TensorScope.open();
        Decoder decoder = decoder(Kind.PLAIN, HeadKind.UNTIED);
        ModelRunner runner = ModelRunner.unloaded(decoder);
        ModelRunner shared = runner.of(decoder)) {
      Weights weights = decoder.weights();
      for (int part = weights.numParts() - 1; part >= 0; part--) {
        for (ModelRunner each : List.of(runner, shared)) {
          assertThatThrownBy(() -> firstLogits(decoder, each))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("must be loaded before they compute")
              .hasMessageContaining("missing={0");
        }
        runner.load(part, weights.part(part).copy());
      }
      float[] loaded = firstLogits(decoder, new ModelRunner(decoder));
      assertThat(firstLogits(decoder, runner)).isEqualTo(loaded);
      assertThat(firstLogits(decoder, shared)).isEqualTo(loaded);
    }
  }

  /// Of the tokens 1, 2, 3 in an empty cache.
  private static float[] firstLogits(Decoder decoder, ModelRunner runner) {
    int[] tokens = {1, 2, 3};
    int[] positions = {0, 1, 2};
    AttentionPlan.Node node = new AttentionPlan.Node(0, 3, new int[] {0}, new int[] {3});
    AttentionPlan plan = new AttentionPlan(List.of(node), new int[1], AttentionPlan.NO_WINDOW);
    try (KeyValueCache cache = new KeyValueCache(decoder.shape().blocks(), 3, Device.CPU)) {
      Tensor hidden = runner.forward(tokens, positions, plan, cache, positions);
      return runner.logits(hidden, new int[] {2}).toFloatArray();
    }
  }
}
