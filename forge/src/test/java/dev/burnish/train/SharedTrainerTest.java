package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.model.LanguageModel;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.Tensor;
import dev.burnish.train.SharedState.Case;
import dev.burnish.train.SharedState.Expected;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class SharedTrainerTest {
  @TempDir private Path folder;

  private static void assertSame(List<float[]> actual, List<float[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(Arrays.equals(actual.get(i), expected.get(i))).as("tensor=%d", i).isTrue();
    }
  }

  private Snapshot save(Checkpointed trainer) {
    Path target = folder.resolve("step-" + trainer.stepsDone());
    Map<String, byte[]> sections = Map.of(Checkpointed.SECTION, trainer.state());
    Snapshot.write(target, trainer.stepsDone(), trainer.freeze(), sections);
    return Snapshot.open(target);
  }

  @ParameterizedTest
  @EnumSource(names = {"ADAMW", "MUON", "FROZEN", "LORA"})
  void aTrainerInPlainMemoryGoesOnFromItsCheckpoint(Case kind) throws Exception {
    Expected expected = Expected.of(kind);
    try (SharedState shared = new SharedState(kind);
        SharedTrainer holder = new SharedTrainer(shared.attach());
        LanguageModel model = kind.model();
        LocalTrainer plain = new LocalTrainer(model.decoder(), kind.config(), SharedState.STEPS)) {
      LocalTrainer trainer = shared.trainer();
      trainer.step(1, SharedState.batch(1));
      trainer.step(2, SharedState.batch(2));
      assertThat(holder.state()).isEqualTo(trainer.state());
      plain.restore(save(holder));
      assertThat(plain.step(3, SharedState.batch(3)).withSeconds(0)).isEqualTo(expected.report(3));
      assertSame(
          SharedState.state(model.decoder().trainedWeights(), plain.optimizer().moments()),
          expected.state(3));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ADAMW", "MUON", "FROZEN", "LORA"})
  void goesOnFromACheckpointOfATrainerInPlainMemory(Case kind) throws Exception {
    Expected expected = Expected.of(kind);
    try (SharedState shared = new SharedState(kind);
        SharedTrainer holder = new SharedTrainer(shared.attach());
        LanguageModel model = kind.model();
        LocalTrainer plain = new LocalTrainer(model.decoder(), kind.config(), SharedState.STEPS)) {
      plain.step(1, SharedState.batch(1));
      plain.step(2, SharedState.batch(2));
      // The trainer is there already, and elsewhere.
      LocalTrainer trainer = shared.trainer();
      trainer.step(1, SharedState.batch(5));
      holder.restore(save(plain));
      assertThat(holder.stepsDone()).isEqualTo(2);
      assertThatThrownBy(holder::completed).isInstanceOf(IllegalStateException.class);
      assertThat(trainer.step(3, SharedState.batch(3)).withSeconds(0))
          .isEqualTo(expected.report(3));
      assertThat(holder.completed().withSeconds(0)).isEqualTo(expected.report(3));
      assertSame(shared.state(), expected.state(3));
      assertThat(shared.trainer().step(4, SharedState.batch(4)).withSeconds(0))
          .isEqualTo(expected.report(4));
    }
  }

  @Test
  void theTrainerItselfSavesAndRestores() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW)) {
      LocalTrainer trainer = shared.trainer();
      String saved = folder.resolve("saved").toString();
      trainer.step(1, SharedState.batch(1));
      trainer.save(saved);
      trainer.step(2, SharedState.batch(2));
      trainer.restore(saved);
      LocalTrainer next = shared.trainer();
      assertThat(next.stepsDone()).isEqualTo(1);
      assertThat(next.step(2, SharedState.batch(2)).withSeconds(0)).isEqualTo(expected.report(2));
      assertSame(shared.state(), expected.state(2));
    }
  }

  @Test
  void anUpdateWaitsForThePartsThatAreNotWritten() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW);
        SharedTrainer holder = new SharedTrainer(shared.attach())) {
      LocalTrainer trainer = shared.trainer();
      trainer.step(1, SharedState.batch(1));
      Pieces pieces = holder.freeze(0);
      Thread stepping = Thread.ofPlatform().start(() -> trainer.step(2, SharedState.batch(2)));
      List<float[]> read = new ArrayList<>();
      for (int piece = 0; piece < pieces.count(); piece++) {
        awaitWaiting(stepping);
        pieces.read(piece, tensors -> tensors.forEach(tensor -> read.add(values(tensor))));
      }
      pieces.close();
      stepping.join();
      assertSame(shared.state(), expected.state(2));
      assertThat(read).isNotEmpty();
      List<float[]> frozen =
          expected.state(1).stream().filter(tensor -> tensor.length > 0).toList();
      assertThat(read).hasSameSizeAs(frozen);
      for (float[] tensor : read) {
        assertThat(frozen).anyMatch(other -> Arrays.equals(other, tensor));
      }
    }
  }

  /// The thread waits before the next part, unless nothing holds it.
  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.TIMED_WAITING
        && thread.getState() != Thread.State.TERMINATED) {
      Thread.onSpinWait();
    }
  }

  private static float[] values(StoredTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT);
  }

  @Test
  void aSmallStateIsCopiedAndNothingWaits() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW);
        SharedTrainer holder = new SharedTrainer(shared.attach())) {
      LocalTrainer trainer = shared.trainer();
      trainer.step(1, SharedState.batch(1));
      Pieces pieces = holder.freeze();
      byte[] state = holder.state();
      trainer.step(2, SharedState.batch(2));
      Path target = folder.resolve("slow");
      Snapshot.write(target, 1, pieces, Map.of(Checkpointed.SECTION, state));
      holder.restore(Snapshot.open(target));
      assertSame(shared.state(), expected.state(1));
    }
  }

  @Test
  void refusesACheckpointWithinAnUpdateAndAStateThatIsHalfRestored() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW);
        SharedTrainer holder = new SharedTrainer(shared.attach())) {
      Snapshot beginning = save(holder);
      LocalTrainer trainer = shared.trainer();
      try (FaultPoint.Installed _ =
          FaultPoint.install(point -> {
            if (point.equals("trainer.commit")) {
              throw new IllegalStateException("killed");
            }
          })) {
        assertThatThrownBy(() -> trainer.step(1, SharedState.batch(1))).hasMessage("killed");
      }
      assertThatThrownBy(holder::freeze)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("between steps");
      try (SharedState other = new SharedState(Case.SGD);
          SharedTrainer sgd = new SharedTrainer(other.attach())) {
        Path target = folder.resolve("sgd");
        Map<String, byte[]> sections = Map.of(Checkpointed.SECTION, sgd.state());
        Snapshot.write(target, 0, sgd.freeze(), sections);
        Snapshot ofSgd = Snapshot.open(target);
        assertThatThrownBy(() -> holder.restore(ofSgd)).hasMessageContaining("tensor=second");
      }
      assertThatThrownBy(shared::trainer)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("restore a checkpoint");
      holder.restore(beginning);
      shared.trainer().step(1, SharedState.batch(1));
      assertSame(shared.state(), expected.state(1));
    }
  }

  @Test
  void givesTheWeightsOfACheckpointAndLeavesTheRest() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW);
        SharedTrainer holder = new SharedTrainer(shared.attach())) {
      LocalTrainer trainer = shared.trainer();
      trainer.step(1, SharedState.batch(1));
      Snapshot best = save(holder);
      trainer.step(2, SharedState.batch(2));
      holder.restoreWeights(best);
      assertThat(holder.stepsDone()).isEqualTo(2);
      assertThat(Arrays.equals(shared.state().getFirst(), expected.state(1).getFirst())).isTrue();
      assertThat(Arrays.equals(shared.state().get(1), expected.state(2).get(1))).isTrue();
    }
  }

  @Test
  void refusesToSaveWeightsThatAreNotFinite() throws Exception {
    try (SharedState shared = new SharedState(Case.ADAMW);
        SharedTrainer holder = new SharedTrainer(shared.attach())) {
      try (Tensor one = shared.attach().weights().part(2).narrow(0, 3, 1)) {
        one.fill_(Double.NaN);
      }
      assertThatThrownBy(holder::freeze)
          .isInstanceOf(TrainingDiverged.class)
          .hasMessageContaining("weights is not, parameter=model.layers.1.");
    }
  }
}
