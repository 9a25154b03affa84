package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.DecoderTest.Kind;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A decoder whose head gives one value per token.
class CriticTest {
  private static final int HIDDEN = 12;
  private static final LoraConfig RANK_3 = LoraConfig.defaults().withRank(3);

  private final SplittableRandom random = new SplittableRandom(12);
  private final TokenForest forest = new TokenForest();
  private final Targets targets = targets();

  private Targets targets() {
    int prompt = forest.add(TokenForest.ROOT, 3, 1, 4, 1, 5);
    return new Targets()
        .addNode(forest, forest.add(prompt, 9, 2, 6), 0)
        .addNode(forest, forest.add(prompt, 5, 3), 0);
  }

  private float[] values(Decoder critic) {
    try (TensorScope _ = TensorScope.open();
        Pass pass = critic.evaluate(forest)) {
      return pass.values(targets);
    }
  }

  private static TargetLoss squares(boolean needsAll) {
    return new TargetLoss() {
      @Override
      public double evaluate(Chunk chunk) {
        double sum = 0;
        for (int i = chunk.from(); i < chunk.to(); i++) {
          double error = chunk.logprobs()[i] - 0.2 * i;
          chunk.dLogprobs()[i] = (float) error;
          sum += error * error / 2;
        }
        return sum;
      }

      @Override
      public boolean needsAll() {
        return needsAll;
      }
    };
  }

  private double loss(Decoder critic) {
    float[] values = values(critic);
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      double error = values[i] - 0.2 * i;
      sum += error * error / 2;
    }
    return sum;
  }

  private Pass.Backward backward(Decoder critic, boolean needsAll) {
    try (TensorScope _ = TensorScope.open();
        Pass pass = critic.forward(forest, ActivationPolicy.recomputeAll())) {
      return pass.backward(targets, 1, squares(needsAll));
    }
  }

  private double shifted(Decoder critic, Parameters part, int index, float by) {
    try (Tensor view = part.values().narrow(0, index, 1)) {
      double before = view.item();
      view.fill_(before + by);
      double loss = loss(critic);
      view.fill_(before);
      return loss;
    }
  }

  private void checkGradients(Decoder critic) {
    backward(critic, false);
    for (Parameters part : critic.trained()) {
      for (String name : part.layout().names()) {
        float[] gradient;
        try (Tensor of = part.gradients().of(name)) {
          gradient = of.toFloatArray();
        }
        for (int trial = 0; trial < 4; trial++) {
          int index = random.nextInt(gradient.length);
          int at = part.layout().offset(name) + index;
          double numeric =
              (shifted(critic, part, at, 4e-3f) - shifted(critic, part, at, -4e-3f)) / 8e-3;
          assertThat((double) gradient[index])
              .as("%s[%d]", name, index)
              .isCloseTo(numeric, within(4e-3 * (1 + Math.abs(numeric))));
        }
      }
    }
  }

  /// A head of the vocabulary whose matrix begins with the unit matrix gives the normed hidden
  /// states; the value is their product with the critic's vector.
  @ParameterizedTest
  @EnumSource(Kind.class)
  void aValueIsTheProductOfTheNormedHiddenStateAndAVector(Kind kind) {
    try (TensorScope _ = TensorScope.open();
        Decoder critic = DecoderTest.decoder(kind, HeadKind.VALUE);
        Decoder hidden = DecoderTest.decoder(kind, HeadKind.UNTIED)) {
      hidden.copyTrunkFrom(critic);
      Tensor head = hidden.part(Decoder.HEAD).value(Decoder.HEAD).zero_();
      for (int i = 0; i < HIDDEN; i++) {
        head.narrow(0, i, 1).narrow(1, i, 1).fill_(1);
      }
      float[] vector = critic.part(Decoder.VALUE_HEAD).value(Decoder.VALUE_HEAD).toFloatArray();
      float[] values = values(critic);
      try (Pass pass = hidden.evaluate(forest)) {
        float[] states = pass.logits(targets.rows()).toFloatArray();
        int width = states.length / targets.size();
        for (int t = 0; t < targets.size(); t++) {
          double value = 0;
          for (int i = 0; i < HIDDEN; i++) {
            value += (double) vector[i] * states[t * width + i];
          }
          assertThat((double) values[t]).isCloseTo(value, within(1e-5));
        }
      }
      // Both completions begin in the state after their prompt.
      assertThat(values[3]).isEqualTo(values[0]);
      assertThat(Arrays.copyOf(values, 3)).doesNotHaveDuplicates().doesNotContain(values[4]);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyParameterHasTheGradientOfFiniteDifferences(Kind kind) {
    try (Decoder critic = DecoderTest.decoder(kind, HeadKind.VALUE)) {
      checkGradients(critic);
    }
  }

  @Test
  void aLossThatNeedsAllValuesSeesThemAndHasTheSameGradients() {
    try (Decoder critic = DecoderTest.decoder(Kind.PLAIN, HeadKind.VALUE)) {
      Pass.Backward once = backward(critic, false);
      float[] expected = critic.parts().getFirst().gradients().values().toFloatArray();
      critic.freeGradients();
      Pass.Backward twice = backward(critic, true);
      assertThat(twice.losses()).isEqualTo(once.losses());
      assertThat(twice.targets().logprobs())
          .isEqualTo(once.targets().logprobs())
          .isEqualTo(values(critic));
      assertThat(critic.parts().getFirst().gradients().values().toFloatArray()).isEqualTo(expected);
    }
  }

  @Test
  void anAdaptationTrainsTheHeadAsAWhole() {
    try (TensorScope _ = TensorScope.open();
        Decoder critic = DecoderTest.decoder(Kind.BIASES, HeadKind.VALUE)) {
      float[] before = values(critic);
      critic.adapt(RANK_3, 4);
      assertThat(values(critic)).isEqualTo(before);
      for (Parameters part : critic.trained()) {
        float[] fresh = new float[(int) part.values().numElements()];
        for (int i = 0; i < fresh.length; i++) {
          fresh[i] = (float) random.nextGaussian(0, 0.1);
        }
        part.values().copy_(Tensor.of(fresh, fresh.length));
      }
      checkGradients(critic);
      float[] adapted = values(critic);
      assertThat(adapted).isNotEqualTo(before);
      assertThat(values(critic.base())).isEqualTo(before);
      try (Decoder merged = new Decoder(critic.shape(), Device.CPU)) {
        merged.copyFrom(critic);
        float[] after = values(merged);
        for (int i = 0; i < after.length; i++) {
          assertThat(after[i]).isCloseTo(adapted[i], within(1e-4f));
        }
      }
    }
  }

  @Test
  void aCriticThatBeginsFromAPolicyHasItsBlocksAndNoValues() {
    try (TensorScope _ = TensorScope.open();
        Decoder policy = DecoderTest.decoder(Kind.PLAIN, HeadKind.TIED);
        Decoder critic = new Decoder(policy.shape().withHead(HeadKind.VALUE), Device.CPU)) {
      critic.copyTrunkFrom(policy);
      assertThat(values(critic)).containsOnly(0);
      assertThat(critic.parts().getFirst().values().toFloatArray())
          .isEqualTo(policy.parts().getFirst().values().toFloatArray());
      backward(critic, false);
      Parameters end = critic.part(Decoder.VALUE_HEAD);
      float[] gradient = end.gradients().of(Decoder.VALUE_HEAD).toFloatArray();
      assertThat(Arrays.stream(toDoubles(gradient)).map(Math::abs).sum()).isGreaterThan(0.1);
    }
  }

  private static double[] toDoubles(float[] values) {
    double[] result = new double[values.length];
    Arrays.setAll(result, i -> values[i]);
    return result;
  }

  @Test
  void aCriticHasNoLogitsAndAPolicyNoValues() {
    try (TensorScope _ = TensorScope.open();
        Decoder policy = DecoderTest.decoder(Kind.PLAIN, HeadKind.TIED);
        Decoder critic = DecoderTest.decoder(Kind.PLAIN, HeadKind.VALUE);
        Pass ofPolicy = policy.evaluate(forest);
        Pass ofCritic = critic.evaluate(forest)) {
      assertThatThrownBy(() -> ofCritic.logprobs(targets, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("head=VALUE");
      assertThatThrownBy(() -> ofCritic.logits(0)).hasMessageContaining("head=VALUE");
      assertThatThrownBy(() -> new ModelRunner(critic)).hasMessageContaining("head=VALUE");
      assertThatThrownBy(() -> ofPolicy.values(targets)).hasMessageContaining("head=TIED");
    }
  }
}
