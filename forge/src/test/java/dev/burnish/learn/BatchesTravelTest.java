package dev.burnish.learn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.algorithm.Kl;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.data.PreferencePair;
import dev.burnish.data.TokenizedExample;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Parameters;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A trainer whose every argument and result is encoded and decoded, as for one in another process,
/// takes the steps of one that is called directly, to the last bit.
class BatchesTravelTest {
  private static final int VOCABULARY = PolicyLearnerTest.TEXT.vocabularySize();
  private static final int STEPS = 3;
  private static final Codecs CODECS = new Codecs(List.of(), Limits.defaults());

  static <T> T sent(Class<T> type, T target) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              List<Object> given = method.getParameterCount() == 0 ? List.of() : List.of(arguments);
              Object[] received = sent(CODECS.arguments(method), given).toArray();
              Object result = method.invoke(target, received);
              return sent(CODECS.result(method), List.of(result)).getFirst();
            }));
  }

  private static List<Object> sent(Codec codec, List<Object> values) {
    return codec.decode(codec.encode(values, Session.NONE), Session.NONE);
  }

  private static LanguageModel model(long seed) {
    return PolicyLearnerTest.model(seed);
  }

  /// The result of a run: the seed-determined numbers of each step, and the weights.
  private record Trained(List<List<Object>> steps, List<float[]> weights) {}

  /// @param travels whether the inputs of the trainer and the reference are encoded on their way
  private static Trained train(
      boolean travels, BiFunction<Trainer, ReferenceModel, List<StepReport>> steps) {
    try (LanguageModel policy = model(3);
        LanguageModel frozen = model(4);
        LocalTrainer local =
            new LocalTrainer(policy.decoder(), OptimizerConfig.defaults().withLr(1e-2), STEPS)) {
      ReferenceModel reference = ReferenceModel.of(frozen.decoder());
      List<StepReport> reports =
          travels
              ? steps.apply(sent(Trainer.class, local), sent(ReferenceModel.class, reference))
              : steps.apply(local, reference);
      List<List<Object>> seen = new ArrayList<>();
      for (StepReport report : reports) {
        seen.add(List.of(report.loss(), report.gradientNorm(), report.entropy(), report.metrics()));
      }
      List<float[]> weights = new ArrayList<>();
      for (Parameters part : policy.decoder().parts()) {
        weights.add(part.values().toFloatArray());
      }
      return new Trained(seen, weights);
    }
  }

  private static void assertSameBits(BiFunction<Trainer, ReferenceModel, List<StepReport>> steps) {
    Trained direct = train(false, steps);
    Trained sent = train(true, steps);
    assertThat(sent.steps()).isEqualTo(direct.steps()).hasSize(STEPS);
    for (int part = 0; part < direct.weights().size(); part++) {
      assertThat(sent.weights().get(part)).isEqualTo(direct.weights().get(part));
    }
  }

  private static int[] tokens(SplittableRandom random, int atMost) {
    return random.ints(2 + random.nextInt(atMost - 1), 0, VOCABULARY).toArray();
  }

  static List<PolicyLoss> losses() {
    return List.of(
        SurrogateLoss.dapo(),
        SurrogateLoss.drGrpo(8),
        SurrogateLoss.dapo().withKl(new Kl.Penalty(Kl.K3, 0.5)),
        SurrogateLoss.gspo(3e-4, 4e-4));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void ofEpisodes(PolicyLoss loss) {
    assertSameBits((trainer, reference) -> {
      PolicyLearner learner = new PolicyLearner(trainer, loss, 0.01, 40, Optional.of(reference));
      List<StepReport> reports = new ArrayList<>();
      LanguageModel sampler = model(5);
      for (long step = 1; step <= STEPS; step++) {
        reports.add(learner.step(PolicyLearnerTest.groups(sampler, step)).step());
        assertThat(trainer.publish()).isEqualTo(step);
      }
      sampler.close();
      return reports;
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"sigmoid", "sigmoid_norm", "robust", "ipo"})
  void ofPreferencePairs(String name) {
    assertSameBits((trainer, reference) -> {
      PreferenceLearner learner =
          new PreferenceLearner(trainer, PreferenceLoss.named(name, 0.1, 0.2), reference, 40, 100);
      SplittableRandom random = new SplittableRandom(5);
      List<StepReport> reports = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        List<PreferencePair> pairs = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          pairs.add(
              new PreferencePair(
                  tokens(random, 6), tokens(random, 5), tokens(random, 5), "pair " + i));
        }
        reports.add(learner.step(pairs).step());
        assertThat(learner.evaluate(pairs).loss()).isFinite();
      }
      return reports;
    });
  }

  @Test
  void ofDocuments() {
    assertSameBits((trainer, _) -> {
      SupervisedLearner learner = new SupervisedLearner(trainer, 20);
      SplittableRandom random = new SplittableRandom(6);
      List<StepReport> reports = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        List<TokenizedExample> documents = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          int[] tokens = tokens(random, 12);
          boolean[] learned = new boolean[tokens.length];
          Arrays.fill(learned, 1, learned.length, true);
          documents.add(new TokenizedExample(tokens, learned, "document " + i));
        }
        reports.add(learner.step(documents));
      }
      return reports;
    });
  }

  @Test
  void everyEndpointTakesAndReturnsData() {
    List<Class<?>> interfaces = List.of(Trainer.class, ReferenceModel.class);
    for (Class<?> type : interfaces) {
      for (Method method : type.getMethods()) {
        if (!Modifier.isStatic(method.getModifiers())) {
          assertThat(CODECS.arguments(method)).as(method.toString()).isNotNull();
          assertThat(CODECS.result(method)).as(method.toString()).isNotNull();
        }
      }
    }
  }
}
