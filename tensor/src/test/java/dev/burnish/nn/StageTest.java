package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.kernel.Numerics;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.DecoderTest.Kind;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A decoder divided into stages gives the same results as a whole one.
class StageTest {
  private static final TargetLoss LOSS =
      chunk -> {
        double sum = 0;
        for (int i = chunk.from(); i < chunk.to(); i++) {
          sum -= (1 + i) * chunk.logprobs()[i];
          chunk.dLogprobs()[i] = -(1 + i);
          chunk.dEntropies()[i] = 0.1f * i;
        }
        return sum;
      };

  private final TokenForest forest = new TokenForest();
  private final Targets targets = targets();

  private Targets targets() {
    int root = forest.add(TokenForest.ROOT, 3, 1, 4, 1, 5);
    return new Targets()
        .addNode(forest, forest.add(root, 9, 2, 6), 0)
        .addNode(forest, forest.add(root, 5, 3), 0);
  }

  private PassContext context(Decoder decoder) {
    return decoder.context(
        forest.positions(), forest.plan(), Dropout.NONE, Numerics.BATCH_INVARIANT);
  }

  private static Retention keep(ActivationPolicy policy) {
    return new Retention.ForBackward(policy, Optional.empty());
  }

  private static List<float[]> gradients(Decoder decoder) {
    List<float[]> result = new ArrayList<>();
    decoder.parts().forEach(part -> result.add(part.gradients().values().toFloatArray()));
    decoder.freeGradients();
    return result;
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void twoStagesHaveTheBitsOfOne(Kind kind) {
    try (TensorScope _ = TensorScope.open();
        Decoder decoder = DecoderTest.decoder(kind, HeadKind.TIED)) {
      Pass.Backward whole;
      List<Integer> order = new ArrayList<>();
      try (Pass pass = decoder.forward(forest, ActivationPolicy.keepAll())) {
        whole = pass.backward(targets, 0.9, LOSS, (part, _) -> order.add(part));
      }
      List<float[]> expected = gradients(decoder);

      List<Integer> divided = new ArrayList<>();
      PassContext context = context(decoder);
      try (Stage lower = new Stage(decoder, 0, 1, context, keep(ActivationPolicy.recomputeAll()));
          Stage upper = new Stage(decoder, 1, 2, context, keep(ActivationPolicy.keepAll()))) {
        Tensor hidden = upper.forward(lower.forward(decoder.embed(forest.tokens())));
        Tensor d = Tensor.zeros(DType.F32, Device.CPU, hidden.shape());
        Head.Query query = new Head.Query(hidden, targets, 0.9, Numerics.BATCH_INVARIANT);
        Pass.Backward result = decoder.head().backward(query, LOSS, d);
        divided.add(decoder.blocks().size() + 1);
        upper.backward(d, divided::add);
        lower.backward(d, divided::add);
        decoder.embedBackward(forest.tokens(), d);
        divided.add(0);
        assertThat(result.losses()).isEqualTo(whole.losses());
        assertThat(result.targets().logprobs()).isEqualTo(whole.targets().logprobs());
        assertThat(result.targets().entropy()).isEqualTo(whole.targets().entropy());
      }
      assertThat(divided).isEqualTo(order).containsExactly(3, 2, 1, 0);
      assertThat(gradients(decoder)).usingRecursiveComparison().isEqualTo(expected);
    }
  }

  @Test
  void aStoreHoldsWhatThePolicyDoesNotKeepByTheBlocksOfTheDecoder() {
    try (TensorScope _ = TensorScope.open();
        Decoder decoder = DecoderTest.decoder(Kind.NORMED_HEADS, HeadKind.TIED)) {
      try (Pass pass = decoder.forward(forest, ActivationPolicy.keepAll())) {
        pass.backward(targets, 1, LOSS);
      }
      List<float[]> expected = gradients(decoder);

      Map<Integer, float[]> stored = new HashMap<>();
      ActivationPolicy.Store store =
          new ActivationPolicy.Store() {
            @Override
            public void put(int block, List<Tensor> tensors) {
              stored.put(block, tensors.getFirst().toFloatArray());
            }

            @Override
            public void take(int block, List<Tensor> tensors) {
              float[] values = stored.getOrDefault(block, new float[0]);
              tensors.getFirst().copy_(Tensor.of(values, values.length));
            }
          };
      Retention stores =
          new Retention.ForBackward(ActivationPolicy.recomputeAll(), Optional.of(store));
      PassContext context = context(decoder);
      try (Stage lower = new Stage(decoder, 0, 1, context, keep(ActivationPolicy.keepAll()));
          Stage upper = new Stage(decoder, 1, 2, context, stores)) {
        Tensor hidden = upper.forward(lower.forward(decoder.embed(forest.tokens())));
        Tensor d = Tensor.zeros(DType.F32, Device.CPU, hidden.shape());
        Head.Query query = new Head.Query(hidden, targets, 1, Numerics.BATCH_INVARIANT);
        decoder.head().backward(query, LOSS, d);
        upper.backward(d, _ -> {});
        lower.backward(d, _ -> {});
        decoder.embedBackward(forest.tokens(), d);
      }
      assertThat(stored).containsOnlyKeys(1);
      assertThat(gradients(decoder)).usingRecursiveComparison().isEqualTo(expected);
    }
  }
}
