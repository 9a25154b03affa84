package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.kernel.Packing;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A generator that reads weights where others packed them, beside one that packs them itself.
class InPlaceTest {
  private static final int VOCABULARY = 37;
  private static final Packing.Watcher UNWATCHED =
      new Packing.Watcher() {
        @Override
        public void read(MemorySegment bytes) {}

        @Override
        public void written(MemorySegment bytes) {}
      };

  private final TensorScope scope = TensorScope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  /// With every parameter that a block can have.
  private static DecoderShape shape(HeadKind head) {
    RopeTables.Frequencies rope =
        new RopeTables.Frequencies() {
          @Override
          public float[] inverse(int positions) {
            return new float[] {1f, 0.3f, 0.1f};
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
    BlockShape block =
        new BlockShape(
            12,
            20,
            new Heads(4, 2, 6),
            1e-5,
            true,
            true,
            true,
            true,
            true,
            AttentionPlan.NO_WINDOW);
    return new DecoderShape(
        VOCABULARY, 12, List.of(block, block), 1e-5, head, 64, new RopeTables(rope));
  }

  private static Decoder decoder(HeadKind head, long seed) {
    Decoder decoder = new Decoder(shape(head), Device.CPU).initialize(seed, 0.3);
    // Norms and biases of values that tell them apart.
    for (Parameters part : decoder.parts()) {
      for (String name : part.layout().names()) {
        if (part.layout().spec(name).shape().length == 1) {
          part.value(name).fill_(0.5 + (name.hashCode() & 0xff) / 512.0 + seed);
        }
      }
    }
    return decoder;
  }

  private static List<PartValues> packed(Decoder decoder, List<PackedPart> model) {
    List<PartValues> parts = new ArrayList<>();
    for (int part = 0; part < model.size(); part++) {
      PackedPart form = model.get(part);
      Tensor memory = Tensor.empty(DType.I8, Device.CPU, form.bytes());
      memory.fill_(77);
      form.pack(decoder.weights().part(part).segment(), memory.segment(), UNWATCHED);
      parts.add(new PartValues.Packed(form, memory));
    }
    return parts;
  }

  private static List<PartValues> packed(Decoder decoder) {
    return packed(decoder, Decoder.packedParts(decoder.shape(), WeightFormat.F32));
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.segment().toArray(ValueLayout.JAVA_BYTE);
  }

  private static float[] logits(Decoder decoder, ModelRunner runner) {
    int[] tokens = {1, 36, 3, 32};
    int[] positions = {0, 1, 2, 3};
    AttentionPlan.Node node = new AttentionPlan.Node(0, 4, new int[] {0}, new int[] {4});
    AttentionPlan plan = new AttentionPlan(List.of(node), new int[1], AttentionPlan.NO_WINDOW);
    try (TensorScope _ = TensorScope.open();
        KeyValueCache cache = new KeyValueCache(decoder.shape().blocks(), 4, Device.CPU)) {
      Tensor hidden = runner.forward(tokens, positions, plan, cache, positions);
      return runner.logits(hidden, new int[] {2, 3}).toFloatArray();
    }
  }

  /// A decoder whose own memory holds nothing.
  private static Decoder empty(Weights memory, HeadKind head) {
    return new Decoder(shape(head), memory);
  }

  private static Weights memory(HeadKind head) {
    Weights memory = Weights.undefined(Decoder.layouts(shape(head)), Device.CPU);
    for (int part = 0; part < memory.numParts(); part++) {
      memory.part(part).fill_(Double.NaN);
    }
    return memory;
  }

  @ParameterizedTest
  @EnumSource(
      value = HeadKind.class,
      names = {"TIED", "UNTIED"})
  void logitsHaveTheBitsOfAGeneratorThatPacksForItself(HeadKind head) {
    try (Decoder source = decoder(head, 5);
        Decoder other = decoder(head, 6);
        Weights memory = memory(head);
        Decoder decoder = empty(memory, head)) {
      ModelRunner runner = ModelRunner.unloaded(decoder);
      List<PartValues> parts = packed(source);
      assertThat(runner.readsInPlace(parts)).isTrue();
      runner.use(parts);
      float[] expected = logits(source, new ModelRunner(source));
      assertThat(logits(decoder, runner)).isEqualTo(expected);
      runner.use(packed(other));
      assertThat(logits(decoder, runner)).isEqualTo(logits(other, new ModelRunner(other)));
      runner.use(parts);
      assertThat(logits(decoder, runner)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = HeadKind.class,
      names = {"TIED", "UNTIED"})
  void valuesThatAreLoadedAfterwardsLeaveTheMemoryOfOthersAsItIs(HeadKind head) {
    try (Decoder source = decoder(head, 5);
        Decoder other = decoder(head, 6);
        Weights memory = memory(head);
        Decoder decoder = empty(memory, head)) {
      ModelRunner runner = ModelRunner.unloaded(decoder);
      List<PartValues> parts = packed(source);
      List<byte[]> before = parts.stream().map(InPlaceTest::memoryOf).toList();
      runner.use(parts);
      for (int part = 0; part < parts.size(); part++) {
        runner.load(part, other.weights().part(part));
      }
      assertThat(logits(decoder, runner)).isEqualTo(logits(other, new ModelRunner(other)));
      for (int part = 0; part < parts.size(); part++) {
        assertThat(memoryOf(parts.get(part))).isEqualTo(before.get(part));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = HeadKind.class,
      names = {"TIED", "UNTIED"})
  void aCanaryHasTheBitsOfGeneratorsInEveryForm(HeadKind head) {
    try (Decoder source = decoder(head, 5);
        Weights memory = memory(head);
        Decoder decoder = empty(memory, head)) {
      Canary canary = Canary.of(source);
      assertThat(canary.logprobs()).hasSize(8).allMatch(logprob -> logprob < 0);
      assertThat(Canary.of(source)).isEqualTo(canary);
      assertThat(canary.differsFrom(new ModelRunner(source))).isEmpty();
      ModelRunner runner = ModelRunner.unloaded(decoder);
      runner.use(packed(source));
      assertThat(canary.differsFrom(runner)).isEmpty();
      assertThat(canary.differsFrom(new ModelRunner(source, WeightFormat.BF16)))
          .hasValueSatisfying(
              how -> assertThat(how).matches("position=\\d logprob=.* published=.*"));
    }
  }

  /// A parameter of each kind, by as much as a step of training may change it.
  @Test
  void aCanarySeesEveryParameterThatChanges() {
    try (Decoder source = decoder(HeadKind.UNTIED, 5)) {
      Canary canary = Canary.of(source);
      for (Parameters part : source.parts()) {
        for (String name : part.layout().names()) {
          try (Tensor before = part.value(name).copy()) {
            part.value(name).mul_(1.001);
            assertThat(canary.differsFrom(ModelRunner.overOwn(source))).as(name).isPresent();
            part.value(name).copy_(before);
          }
        }
      }
      assertThat(canary.differsFrom(ModelRunner.overOwn(source))).isEmpty();
    }
  }

  @Test
  void aCanaryOfOtherVectorsMayDifferByRounding() {
    try (Decoder source = decoder(HeadKind.TIED, 5)) {
      Canary canary = Canary.of(source);
      ModelRunner runner = new ModelRunner(source);
      for (int lanes : new int[] {0, canary.lanes(), 2 * canary.lanes()}) {
        boolean exact = lanes == canary.lanes();
        assertThat(scaled(canary, 1.00003f, lanes).differsFrom(runner).isPresent())
            .isEqualTo(exact);
        assertThat(scaled(canary, 1.001f, lanes).differsFrom(runner)).isPresent();
        assertThat(scaled(canary, Float.NaN, lanes).differsFrom(runner)).isPresent();
      }
    }
  }

  private static Canary scaled(Canary canary, float factor, int lanes) {
    List<Float> logprobs = canary.logprobs().stream().map(logprob -> logprob * factor).toList();
    return new Canary(canary.tokens(), logprobs, lanes);
  }

  @Test
  void aCanaryOfAnotherVocabularyIsRefused() {
    try (Decoder source = decoder(HeadKind.TIED, 5)) {
      ModelRunner runner = new ModelRunner(source);
      assertThatThrownBy(
              () -> new Canary(List.of(1, VOCABULARY), List.of(-1f), 0).differsFrom(runner))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("vocabulary=37");
      assertThatThrownBy(() -> new Canary(List.of(1), List.of(), 0))
          .hasMessageContaining("tokens=1 logprobs=0");
    }
  }

  private static byte[] memoryOf(PartValues part) {
    return bytes(((PartValues.Packed) part).memory());
  }

  @ParameterizedTest
  @EnumSource(HeadKind.class)
  void everyValueComesBackFromPackedMemory(HeadKind head) {
    try (Decoder source = decoder(head, 5)) {
      List<PackedPart> own = Decoder.packedParts(source.shape(), WeightFormat.F32);
      List<PackedPart> others = own.stream().map(part -> part.as(WeightFormat.F32, 6)).toList();
      for (List<PackedPart> model : List.of(own, others)) {
        List<PartValues> parts = packed(source, model);
        for (int part = 0; part < parts.size(); part++) {
          Tensor values = source.weights().part(part);
          assertThat(bytes(parts.get(part).unpacked())).isEqualTo(bytes(values));
          assertThat(parts.get(part).numElements()).isEqualTo(values.numElements());
          Tensor memory = ((PartValues.Packed) parts.get(part)).memory();
          assertThat(model.get(part).holds(memory.segment(), values.segment())).isTrue();
        }
      }
    }
  }

  @Test
  void whatWasPackedForOtherRegistersIsNotReadInPlace() {
    try (Decoder source = decoder(HeadKind.TIED, 5);
        Weights memory = memory(HeadKind.TIED);
        Decoder decoder = empty(memory, HeadKind.TIED)) {
      ModelRunner runner = ModelRunner.unloaded(decoder);
      List<PackedPart> own = Decoder.packedParts(source.shape(), WeightFormat.F32);
      List<PackedPart> wide = own.stream().map(part -> part.as(WeightFormat.F32, 6)).toList();
      List<PackedPart> short16 = Decoder.packedParts(source.shape(), WeightFormat.BF16);
      for (List<PackedPart> model : List.of(wide, short16)) {
        List<PartValues> parts = packed(source, model);
        assertThat(runner.readsInPlace(parts)).isFalse();
        assertThatThrownBy(() -> runner.use(parts)).isInstanceOf(IllegalArgumentException.class);
      }
      List<PartValues> plain =
          List.of(new PartValues.Plain(source.weights().part(0)), packed(source).get(1));
      assertThat(runner.readsInPlace(plain)).isFalse();
      assertThatThrownBy(() -> logits(decoder, runner)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void partsOfAnotherModelLeaveTheWeightsInUse() {
    try (Decoder source = decoder(HeadKind.TIED, 5);
        Decoder other = decoder(HeadKind.TIED, 6);
        Weights memory = memory(HeadKind.TIED);
        Decoder decoder = empty(memory, HeadKind.TIED)) {
      ModelRunner runner = ModelRunner.unloaded(decoder);
      runner.use(packed(source));
      float[] before = logits(decoder, runner);
      List<PartValues> wrong = new ArrayList<>(packed(other));
      wrong.set(2, wrong.getFirst());
      assertThatThrownBy(() -> runner.use(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must have the matrices of the model's part");
      assertThatThrownBy(() -> runner.use(wrong.subList(0, 2)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(logits(decoder, runner)).isEqualTo(before);
    }
  }

  @Test
  void theMemoryOfOthersIsLeftWhenTheRunnerIsClosed() {
    try (Decoder source = decoder(HeadKind.TIED, 5);
        Weights memory = memory(HeadKind.TIED);
        Decoder decoder = empty(memory, HeadKind.TIED)) {
      List<PartValues> parts = packed(source);
      ModelRunner runner = ModelRunner.unloaded(decoder);
      runner.use(parts);
      runner.close();
      parts.forEach(part -> assertThat(((PartValues.Packed) part).memory().isClosed()).isFalse());
      assertThatThrownBy(() -> logits(decoder, runner)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aRunnerOfAnotherAdaptationReadsTheSameMemory() {
    try (Decoder source = decoder(HeadKind.TIED, 5);
        Weights memory = memory(HeadKind.TIED);
        Decoder decoder = empty(memory, HeadKind.TIED);
        Decoder adapted = new Decoder(shape(HeadKind.TIED), memory)) {
      ModelRunner runner = ModelRunner.unloaded(decoder);
      ModelRunner shared = runner.of(adapted);
      assertThatThrownBy(() -> logits(adapted, shared)).isInstanceOf(IllegalStateException.class);
      runner.use(packed(source));
      assertThat(logits(adapted, shared)).isEqualTo(logits(decoder, runner));
    }
  }
}
