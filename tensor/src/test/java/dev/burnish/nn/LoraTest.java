package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.Output;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.testing.SharedFiles;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Adapted decoders: gradients against finite differences, and adaptation as configured.
class LoraTest {
  private static final LoraConfig RANK_3 = LoraConfig.defaults().withRank(3).withAlpha(6);
  private static final long KEY = 77;

  private final SplittableRandom random = new SplittableRandom(11);
  private final int[] document = random.ints(9, 0, 23).toArray();
  private final TokenForest forest = new TokenForest();
  private final Targets targets = targets();

  private Targets targets() {
    int root = forest.add(TokenForest.ROOT, document);
    int answer = forest.add(root, 4, 2, 7);
    return new Targets().addNode(forest, root, 3).addNode(forest, answer, 0);
  }

  private static Decoder decoder(DecoderTest.Kind kind, LoraConfig config) {
    Decoder decoder = DecoderTest.decoder(kind, HeadKind.TIED);
    decoder.adapt(config, 4);
    return decoder;
  }

  /// Values of `B` that are not zero, as training makes them.
  private Decoder trained(DecoderTest.Kind kind, LoraConfig config) {
    Decoder decoder = decoder(kind, config);
    for (Parameters part : decoder.trained()) {
      for (String name : part.layout().names()) {
        float[] values = new float[part.layout().spec(name).size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian(0, 0.3);
        }
        try (Tensor fresh = Tensor.of(values, values.length);
            Tensor run = part.values().narrow(0, part.layout().offset(name), values.length)) {
          run.copy_(fresh);
        }
      }
    }
    return decoder;
  }

  private double loss(Decoder decoder) {
    try (Pass pass =
        decoder.forward(
            forest,
            ActivationPolicy.recomputeAll(),
            Optional.empty(),
            KEY,
            Numerics.BATCH_INVARIANT)) {
      float[] logprobs = pass.logprobs(targets, 1).logprobs();
      double sum = 0;
      for (int i = 0; i < logprobs.length; i++) {
        sum += (0.3 + 0.1 * i) * logprobs[i];
      }
      return sum;
    }
  }

  private List<float[]> gradients(Decoder decoder, ActivationPolicy policy) {
    try (Pass pass =
        decoder.forward(forest, policy, Optional.empty(), KEY, Numerics.BATCH_INVARIANT)) {
      pass.backward(
          targets,
          1,
          chunk -> {
            for (int i = chunk.from(); i < chunk.to(); i++) {
              chunk.dLogprobs()[i] = 0.3f + 0.1f * i;
            }
            return 0;
          });
    }
    List<float[]> result = new ArrayList<>();
    decoder.trained().forEach(part -> result.add(part.gradients().values().toFloatArray()));
    decoder.freeGradients();
    return result;
  }

  private float[] logprobs(Decoder decoder) {
    try (Pass pass = decoder.evaluate(forest)) {
      return pass.logprobs(targets, 1).logprobs();
    }
  }

  private double shifted(Decoder decoder, Parameters part, int index, float by) {
    try (Tensor view = part.values().narrow(0, index, 1)) {
      double before = view.item();
      view.fill_(before + by);
      double loss = loss(decoder);
      view.fill_(before);
      return loss;
    }
  }

  private void checkGradients(Decoder decoder) {
    List<float[]> gradients = gradients(decoder, ActivationPolicy.keepAll());
    for (int p = 0; p < gradients.size(); p++) {
      Parameters part = decoder.trained().get(p);
      for (String name : part.layout().names()) {
        for (int trial = 0; trial < 4; trial++) {
          int index = part.layout().offset(name) + random.nextInt(part.layout().spec(name).size());
          double numeric =
              (shifted(decoder, part, index, 4e-3f) - shifted(decoder, part, index, -4e-3f)) / 8e-3;
          assertThat((double) gradients.get(p)[index])
              .as("%s[%d]", name, index)
              .isCloseTo(numeric, within(4e-3 * (1 + Math.abs(numeric))));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DecoderTest.Kind.class)
  void everyAdaptedMatrixHasTheGradientOfFiniteDifferences(DecoderTest.Kind kind) {
    try (TensorScope _ = TensorScope.open();
        Decoder decoder = trained(kind, RANK_3)) {
      checkGradients(decoder);
    }
  }

  @Test
  void gradientsHoldUnderDropoutAndForSomeOfAFusedMatrix() {
    LoraConfig config = RANK_3.withDropout(0.3).withModules("v_proj", "up_proj", "down_proj");
    try (TensorScope _ = TensorScope.open();
        Decoder decoder = trained(DecoderTest.Kind.PLAIN, config)) {
      assertThat(decoder.trained().get(1).layout().names())
          .allMatch(name -> name.matches("model.layers.0.*(v|up|down)_proj.lora_[AB].weight"))
          .hasSize(6);
      checkGradients(decoder);
    }
  }

  @Test
  void computingActivationsAgainDropsTheSameElements() {
    try (Decoder decoder = trained(DecoderTest.Kind.BIASES, RANK_3.withDropout(0.4))) {
      List<float[]> expected = gradients(decoder, ActivationPolicy.keepAll());
      List<float[]> actual = gradients(decoder, ActivationPolicy.recomputeAll());
      for (int i = 0; i < expected.size(); i++) {
        assertThat(actual.get(i)).isEqualTo(expected.get(i));
      }
    }
  }

  @Test
  void dropoutDependsOnTheKeyOfThePassAndEndsWithTraining() {
    try (Decoder dropping = trained(DecoderTest.Kind.PLAIN, RANK_3.withDropout(0.5))) {
      List<float[]> results = new ArrayList<>();
      for (long key : new long[] {1, 1, 2}) {
        try (Pass pass =
            dropping.forward(
                forest,
                ActivationPolicy.keepAll(),
                Optional.empty(),
                key,
                Numerics.BATCH_INVARIANT)) {
          results.add(pass.logprobs(targets, 1).logprobs());
        }
      }
      assertThat(results.get(1)).isEqualTo(results.get(0));
      assertThat(results.get(2)).isNotEqualTo(results.get(0));
      try (Decoder other = DecoderTest.decoder(DecoderTest.Kind.PLAIN, HeadKind.TIED)) {
        other.adapt(RANK_3.withDropout(0.5), 5);
        for (int i = 0; i < other.trained().size(); i++) {
          other.trained().get(i).values().copy_(dropping.trained().get(i).values());
        }
        try (Pass pass =
            other.forward(
                forest,
                ActivationPolicy.keepAll(),
                Optional.empty(),
                1,
                Numerics.BATCH_INVARIANT)) {
          assertThat(pass.logprobs(targets, 1).logprobs()).isNotEqualTo(results.get(0));
        }
      }
      try (Decoder merged = DecoderTest.decoder(DecoderTest.Kind.PLAIN, HeadKind.TIED)) {
        merged.copyFrom(dropping);
        assertThat(logprobs(dropping)).containsExactly(logprobs(merged), Offset.offset(1e-5f));
      }
    }
  }

  @Test
  void dropoutKeepsTheMeanOfWhatItScales() {
    Dropout dropout = new Dropout(0.25, 9);
    try (TensorScope _ = TensorScope.open()) {
      float[] ones = new float[40_000];
      java.util.Arrays.fill(ones, 1);
      float[] dropped = dropout.apply(Tensor.of(ones, 200, 200), "a module").toFloatArray();
      double sum = 0;
      int zeros = 0;
      for (float value : dropped) {
        sum += value;
        zeros += value == 0 ? 1 : 0;
      }
      assertThat(sum / ones.length).isCloseTo(1, within(0.01));
      assertThat(zeros / 40_000.0).isCloseTo(0.25, within(0.01));
      assertThat(dropout.apply(Tensor.of(ones, 200, 200), "another").toFloatArray())
          .isNotEqualTo(dropped);
    }
  }

  @Test
  void adaptingChangesNoBitUntilSomethingIsLearned() {
    try (Decoder plain = DecoderTest.decoder(DecoderTest.Kind.BIASES, HeadKind.TIED);
        Decoder adapted = decoder(DecoderTest.Kind.BIASES, RANK_3)) {
      assertThat(logprobs(adapted)).isEqualTo(logprobs(plain));
    }
  }

  @ParameterizedTest
  @EnumSource(DecoderTest.Kind.class)
  void mergedWeightsComputeWhatTheAdaptationDoes(DecoderTest.Kind kind) {
    try (Decoder adapted = trained(kind, RANK_3);
        Decoder plain = DecoderTest.decoder(kind, HeadKind.TIED);
        Decoder merged = DecoderTest.decoder(kind, HeadKind.TIED)) {
      merged.copyFrom(adapted);
      int[] rows = {0, 5, 11};
      try (TensorScope _ = TensorScope.open();
          Pass unmergedPass = adapted.evaluate(forest);
          Pass mergedPass = merged.evaluate(forest)) {
        assertThat(mergedPass.logits(rows).toFloatArray())
            .containsExactly(unmergedPass.logits(rows).toFloatArray(), Offset.offset(1e-5f));
      }
      assertThat(logprobs(adapted)).isNotEqualTo(logprobs(plain));
      assertThat(logprobs(adapted.base())).isEqualTo(logprobs(plain));
    }
  }

  @Test
  void generationSeesTheAdaptation() {
    try (TensorScope _ = TensorScope.open();
        Decoder adapted = trained(DecoderTest.Kind.PLAIN, RANK_3)) {
      int n = document.length;
      int[] positions = java.util.stream.IntStream.range(0, n).toArray();
      var node = new AttentionPlan.Node(0, n, new int[] {0}, new int[] {n});
      var plan = new AttentionPlan(List.of(node), new int[] {0}, AttentionPlan.NO_WINDOW);
      try (KeyValueCache cache = new KeyValueCache(adapted.shape().blocks(), n, Device.CPU);
          Pass pass = adapted.evaluate(forest)) {
        Tensor hidden =
            new ModelRunner(adapted).forward(document, positions, plan, cache, positions);
        assertThat(adapted.head().logits(hidden, new int[] {n - 1}).toFloatArray())
            .containsExactly(pass.logits(n - 1).toFloatArray(), Offset.offset(1e-5f));
      }
    }
  }

  @Test
  void theBaseHasNoGradients() {
    try (Decoder decoder = trained(DecoderTest.Kind.NORMED_HEADS, RANK_3)) {
      gradients(decoder, ActivationPolicy.keepAll());
      assertThat(decoder.parts())
          .allMatch(part -> part.gradients().areFrozen())
          .noneMatch(part -> part.gradients().exist())
          .allSatisfy(part ->
              assertThatThrownBy(part.gradients()::values)
                  .hasMessageContaining("frozen parameters have no gradients"));
      assertThat(decoder.numTrained())
          .isEqualTo(2 * 3 * (12 + 24 + 2 * (12 + 12) + 24 + 12 + 2 * (12 + 20) + 20 + 12));
      assertThat(decoder.trained()).hasSameSizeAs(decoder.parts());
    }
  }

  @Test
  void computesThePublishedExample() throws Exception {
    JsonNode golden =
        JsonMapper.shared()
            .readTree(Files.readAllBytes(SharedFiles.reference("golden_losses.json")));
    LoraConfig config = RANK_3.withRank(1).withAlpha(16).withModules("m");
    try (TensorScope _ = TensorScope.open();
        Weights matrix =
            Weights.zeros(
                List.of(FlatLayout.of(List.of(new ParameterSpec("m.weight", 2, 2)))), Device.CPU);
        Parameters base = Parameters.of(matrix, 0)) {
      base.values().copy_(Tensor.of(new float[] {1, 2, 3, 4}, 4));
      Linear linear = Linear.withoutBias(Kernels.of(Device.CPU), base, "m");
      try (Weights added =
              Weights.zeros(List.of(FlatLayout.of(linear.adapterSpecs(config))), Device.CPU);
          Parameters adapter = Parameters.of(added, 0)) {
        linear.adapt(config, adapter);
        adapter.values().copy_(Tensor.of(new float[] {1, -0.5f, 0.1f, -0.2f}, 4));
        Tensor y = Tensor.of(new float[2], 1, 2);
        linear.forward(
            Tensor.of(new float[] {1, -1}, 1, 2),
            y,
            Output.OVERWRITE,
            Dropout.NONE,
            Numerics.BATCH_INVARIANT);
        assertClose(y, golden.get("lora r=1 alpha=16: y = Wx + (alpha/r) B(Ax)"));
        linear.merge(linear);
        assertClose(base.values(), golden.get("lora merged W"));
      }
    }
    LoraConfig four = LoraConfig.defaults().withRank(4).withAlpha(16);
    assertThat(four.scale()).isEqualTo(golden.get("lora r=4 alpha=16 scale").asDouble());
    assertThat(four.withRankStabilized(true).scale())
        .isEqualTo(golden.get("rslora r=4 alpha=16 scale").asDouble());
  }

  private static void assertClose(Tensor actual, JsonNode expected) {
    List<Double> values = new ArrayList<>();
    for (JsonNode entry : expected) {
      (entry.isArray() ? entry : List.of(entry)).forEach(number -> values.add(number.asDouble()));
    }
    float[] flat = actual.toFloatArray();
    assertThat(flat).hasSize(values.size());
    for (int i = 0; i < flat.length; i++) {
      assertThat((double) flat[i]).isCloseTo(values.get(i), within(1e-6));
    }
  }

  @Test
  void beginsWithinTheBoundsOfTheField() {
    LoraConfig config = RANK_3.withModules("q_proj");
    try (Decoder decoder = decoder(DecoderTest.Kind.PLAIN, config)) {
      Parameters part = decoder.trained().get(1);
      float bound = (float) (1 / Math.sqrt(12));
      float[] a = part.value("model.layers.0.self_attn.q_proj.lora_A.weight").toFloatArray();
      assertThat(a).hasSize(36);
      for (float value : a) {
        assertThat(value).isBetween(-bound, bound);
      }
      assertThat(part.value("model.layers.0.self_attn.q_proj.lora_B.weight").toFloatArray())
          .containsOnly(0);
    }
  }

  @Test
  void patternsNameModules() {
    LoraConfig config = LoraConfig.defaults().withModules("q_proj", "model.layers.1*.up_proj");
    assertThat(config.matches("model.layers.3.self_attn.q_proj")).isTrue();
    assertThat(config.matches("model.layers.3.self_attn.xq_proj")).isFalse();
    assertThat(config.matches("model.layers.12.mlp.up_proj")).isTrue();
    assertThat(config.matches("model.layers.2.mlp.up_proj")).isFalse();
  }

  @Test
  void refusesWhatItCannotDo() {
    try (Decoder decoder = DecoderTest.decoder(DecoderTest.Kind.PLAIN, HeadKind.TIED)) {
      decoder.adapt(LoraConfig.defaults(), 1);
      assertThat(decoder.trained()).isEqualTo(decoder.parts());
      assertThatThrownBy(() -> decoder.adapt(RANK_3.withModules("q_proj", "c_attn"), 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("pattern=c_attn")
          .hasMessageContaining("model.layers.0.self_attn.q_proj");
      decoder.adapt(RANK_3, 1);
      assertThatThrownBy(() -> decoder.adapt(RANK_3, 1)).hasMessageContaining("adapted once");
    }
    assertThatThrownBy(() -> RANK_3.withRank(-1)).hasMessageContaining("lora.rank");
    assertThatThrownBy(() -> RANK_3.withAlpha(0)).hasMessageContaining("lora.alpha");
    assertThatThrownBy(() -> RANK_3.withDropout(1)).hasMessageContaining("lora.dropout");
    assertThatThrownBy(() -> RANK_3.withModules()).hasMessageContaining("lora.modules");
  }
}
