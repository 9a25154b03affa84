package dev.burnish.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.controller.LoopBuilder.Kept;
import dev.burnish.mesh.HostMesh;
import dev.burnish.metrics.Recordable;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.nn.LoraConfig;
import dev.burnish.run.TrainedModel;
import dev.burnish.tensor.TensorException;
import dev.burnish.testing.Memory;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The models of a loop before its processes are started.
class LoopBuilderTest {
  private static final OptimizerConfig OPTIMIZER = OptimizerConfig.defaults();
  private static final int VOCABULARY = 40_000;
  private static final int HIDDEN = 256;
  private static final long EMBEDDING_KILOBYTES = 4L * VOCABULARY * HIDDEN / 1024;

  /// A run that a loop does not ask for anything before it starts.
  private record Home(Path folder) implements LoopHome {
    @Override
    public HostMesh hosts() {
      throw new IllegalStateException("no process is started");
    }

    @Override
    public HostMesh here() {
      throw new IllegalStateException("no process is started");
    }

    @Override
    public long completed() {
      return 0;
    }

    @Override
    public void say(String text) {}

    @Override
    public LanguageModel reference() {
      throw new IllegalStateException("no reference is needed");
    }

    @Override
    public void record(Recordable report) {}
  }

  private static LoopBuilder builder(LanguageModel model, Updates updates) {
    LoopPlan plan = new LoopPlan(1, 4, updates, 2, OPTIMIZER, TrainConfig.defaults());
    TrainedModel trained = new TrainedModel(model, CharacterTokenizer.of("abc"));
    return new LoopBuilder(new Home(Path.of("")), LoopSettings.defaults(), plan, trained);
  }

  private static LanguageModel model(int rank) {
    LoraConfig none = LoraConfig.defaults();
    LoraConfig lora =
        new LoraConfig(
            rank, none.alpha(), none.dropout(), none.rankStabilized(), none.modules(), Path.of(""));
    LlamaConfig config = new LlamaConfig(VOCABULARY, HIDDEN, 64, 1, 4, 2, 64, 10_000, 0.3, 1);
    return LanguageModel.random(config.toJson(), 1).adapt(lora, 1);
  }

  /// Memory that processes share is not counted: it is what the weights lie in from now on.
  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void theMemoryOfTheModelIsReturnedToTheMachine(int rank) {
    LanguageModel model = model(rank);
    long before = Memory.privateKilobytes();
    try (LoopBuilder builder = builder(model, Updates.of(1).withCritic(OPTIMIZER))) {
      assertThat(before - Memory.privateKilobytes()).isGreaterThan(EMBEDDING_KILOBYTES * 3 / 4);
      assertThat(builder.kept()).hasSize(2);
    }
  }

  @Test
  void aLoopKeepsItsModelsUnderTheNamesOfARun() {
    try (LoopBuilder builder = builder(model(0), Updates.of(1).withCritic(OPTIMIZER))) {
      assertThat(builder.kept()).extracting(Kept::name).containsExactly("", "critic");
    }
    try (LoopBuilder builder = builder(model(0), Updates.of(1))) {
      assertThat(builder.kept()).extracting(Kept::name).containsExactly("");
    }
  }

  @Test
  void aModelThatIsClosedIsRefused() {
    LanguageModel closed = model(2);
    closed.close();
    assertThatThrownBy(() -> builder(closed, Updates.of(1)))
        .isInstanceOf(TensorException.class)
        .hasMessageContaining("after it was closed");
  }
}
