package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.TargetLoss;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.train.MemoryConfig.Offload;
import dev.burnish.train.ParameterRules.Algorithm;
import dev.burnish.train.SharedState.Case;
import dev.burnish.train.SharedState.Expected;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Trainers over memory that outlives them, abandoned at fault points as if their process had been
/// killed there. [KilledTrainerTest] kills processes.
@Timeout(300)
class RecoverableTrainerTest {
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static void assertSame(SharedState shared, List<float[]> expected, String where) {
    List<float[]> actual = shared.state();
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(Arrays.equals(actual.get(i), expected.get(i)))
          .as("%s tensor=%d", where, i)
          .isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void hasTheBitsOfATrainerInPlainMemory(Case kind) throws Exception {
    Expected expected = Expected.of(kind);
    try (SharedState shared = new SharedState(kind)) {
      LocalTrainer trainer = shared.trainer();
      for (long step = 1; step <= SharedState.STEPS; step++) {
        StepReport report = trainer.step(step, SharedState.batch(step));
        assertThat(report.withSeconds(0)).isEqualTo(expected.report(step));
        assertSame(shared, expected.state(step), kind + " step=" + step);
      }
    }
  }

  /// Does a step, and is killed when it reaches the n-th point of a recoverable trainer.
  ///
  /// @param action what happens there before
  /// @return the number of points that were reached
  private static int step(SharedState shared, long step, int killedAt, Consumer<String> action) {
    int[] reached = {0};
    try (FaultPoint.Installed _ =
        FaultPoint.install(point -> {
          if (point.startsWith("trainer.") && ++reached[0] == killedAt) {
            action.accept(point);
            throw new Killed();
          }
        })) {
      shared.trainer().step(step, SharedState.batch(step));
    } catch (Killed e) {
      return reached[0];
    }
    return reached[0];
  }

  @ParameterizedTest
  @EnumSource
  void isFinishedWhereverItWasAbandoned(Case kind) throws Exception {
    Expected expected = Expected.of(kind);
    int points;
    try (SharedState shared = new SharedState(kind)) {
      points = step(shared, 1, 0, _ -> {});
      assertThat(points).isGreaterThan(20);
    }
    // A chunk has four points, a part one more: no stride of these misses a kind of point.
    int stride = kind == Case.ADAMW ? 1 : kind == Case.MUON ? 7 : 3;
    for (int point = 1; point <= points; point += stride) {
      try (SharedState shared = new SharedState(kind)) {
        step(shared, 1, 0, _ -> {});
        step(shared, 2, point, _ -> {});
        String where = "%s point=%d of %d".formatted(kind, point, points);
        LocalTrainer next = shared.trainer();
        assertThat(next.stepsDone()).as(where).isBetween(1L, 2L);
        StepReport report = next.step(2, SharedState.batch(2));
        assertThat(report.withSeconds(0)).as(where).isEqualTo(expected.report(2));
        assertThat(report.seconds()).as(where).isPositive();
        assertSame(shared, expected.state(2), where);
        next.step(3, SharedState.batch(3));
        assertSame(shared, expected.state(3), where);
      }
    }
  }

  /// Each trainer is killed too, in the middle of a chunk that it has half written.
  @ParameterizedTest
  @EnumSource(names = {"ADAMW", "SGD", "MUON", "LORA"})
  void isFinishedWhereTrainersThatFinishItAreAbandoned(Case kind) throws Exception {
    Expected expected = Expected.of(kind);
    for (long seed = 1; seed <= 12; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      try (SharedState shared = new SharedState(kind)) {
        int kills = 0;
        for (long step = 1; step <= 4; ) {
          int at = random.nextInt(3) == 0 ? 0 : random.nextInt(2, kind == Case.LORA ? 24 : 60);
          int[] chunk = {0};
          boolean[] killed = {false};
          try (FaultPoint.Installed _ =
              FaultPoint.install(point -> {
                chunk[0] += point.startsWith("trainer.") ? 1 : 0;
                if (chunk[0] == at && point.startsWith("trainer.")) {
                  killed[0] = true;
                  throw new Killed();
                }
              })) {
            shared.trainer().step(step, SharedState.batch(step));
          } catch (Killed e) {
            kills++;
          }
          if (!killed[0]) {
            assertSame(shared, expected.state(step), kind + " seed=" + seed + " step=" + step);
            step++;
          }
        }
        assertThat(kills).as("seed=%d", seed).isPositive();
      }
    }
  }

  /// Half of the chunk's values and all of its moments hold anything.
  @ParameterizedTest
  @EnumSource(names = {"ADAMW", "MUON", "FROZEN", "LORA"})
  void putsAHalfWrittenChunkBack(Case kind) throws Exception {
    Expected expected = Expected.of(kind);
    int chunks = chunks(kind).size();
    for (int chunk = 0; chunk < chunks; chunk++) {
      try (SharedState shared = new SharedState(kind)) {
        int number = chunk;
        int[] begun = {0};
        try (FaultPoint.Installed _ =
            FaultPoint.install(point -> {
              if (point.equals("trainer.countChunk") && begun[0]++ == number) {
                spoil(shared, chunks(kind).get(number));
                throw new Killed();
              }
            })) {
          shared.trainer().step(1, SharedState.batch(1));
        } catch (Killed e) {
          assertThat(begun[0]).isEqualTo(number + 1);
        }
        LocalTrainer next = shared.trainer();
        assertThat(next.stepsDone()).isEqualTo(1);
        assertSame(shared, expected.state(1), kind + " chunk=" + chunk);
      }
    }
  }

  private record Chunk(int part, ParameterRules.Run run) {}

  /// All chunks of an update, in its order: each run is one, for a model that small.
  private static List<Chunk> chunks(Case kind) {
    List<Chunk> chunks = new ArrayList<>();
    try (LanguageModel model = kind.model()) {
      List<List<ParameterRules.Run>> parts = ParameterRules.of(kind.config(), model.decoder());
      for (int part = 0; part < parts.size(); part++) {
        for (ParameterRules.Run run : parts.get(part)) {
          if (run.algorithm() != Algorithm.FROZEN) {
            chunks.add(new Chunk(part, run));
          }
        }
      }
    }
    return chunks;
  }

  private static void spoil(SharedState shared, Chunk chunk) {
    ParameterRules.Run run = chunk.run();
    int half = run.size() / 2;
    try (TensorScope _ = TensorScope.open()) {
      TrainerMemory attached = shared.attach();
      Tensor values = attached.weights().part(chunk.part());
      values.narrow(0, run.offset() + (long) half, run.size() - half).fill_(Double.NaN);
      Moments moments = attached.moments();
      long first = run.algorithm().first() ? run.size() : 0;
      long second = run.algorithm().second() ? run.size() : 0;
      moments.take(Moments.Order.FIRST, chunk.part(), run.firstOffset(), first).fill_(7);
      moments.take(Moments.Order.SECOND, chunk.part(), run.secondOffset(), second).fill_(7);
    }
  }

  @Test
  void aStepThatIsSentTwiceIsDoneOnce() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW)) {
      LocalTrainer trainer = shared.trainer();
      StepReport report = trainer.step(1, SharedState.batch(1));
      assertThat(trainer.step(1, SharedState.batch(1))).isEqualTo(report);
      LocalTrainer next = shared.trainer();
      assertThat(next.step(1, SharedState.batch(1)).withSeconds(0))
          .isEqualTo(report.withSeconds(0));
      assertSame(shared, expected.state(1), "twice");
    }
  }

  @Test
  void refusesANumberThatIsNeitherTheLastNorTheNext() throws Exception {
    try (SharedState shared = new SharedState(Case.ADAMW)) {
      LocalTrainer trainer = shared.trainer();
      for (long number : new long[] {0, 2, -1}) {
        assertThatThrownBy(() -> trainer.step(number, SharedState.batch(1)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("step=%d stepsDone=0".formatted(number));
      }
      trainer.step(1, SharedState.batch(1));
      assertThatThrownBy(() -> trainer.step(3, SharedState.batch(3)))
          .hasMessageContaining("step=3 stepsDone=1");
    }
  }

  @Test
  void aTrainerThatWasReplacedChangesNothing() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW)) {
      LocalTrainer before = shared.trainer();
      LocalTrainer after = shared.trainer();
      after.step(1, SharedState.batch(1));
      assertThatThrownBy(() -> before.step(2, SharedState.batch(2)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another trainer has taken over");
      assertSame(shared, expected.state(1), "replaced");
    }
  }

  @Test
  void refusesMemoryOfSomethingElse() throws Exception {
    try (SharedState shared = new SharedState(Case.ADAMW);
        Arena arena = Arena.ofConfined()) {
      OptimizerConfig config = Case.ADAMW.config();
      assertThatThrownBy(
              () -> TrainerMemory.attach(shared.memory(), shared.layouts(), config.withLr(1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("memory of the same optimizer");
      assertThatThrownBy(() ->
              TrainerMemory.attach(
                  shared.memory(), shared.layouts().reversed(), config.withName("adamw")))
          .hasMessageContaining("memory of the same model");
      assertThatThrownBy(
              () -> TrainerMemory.attach(shared.memory(), shared.layouts().subList(0, 3), config))
          .hasMessageContaining("expected=");
      long bytes = TrainerMemory.bytes(shared.layouts(), config);
      assertThatThrownBy(
              () -> TrainerMemory.attach(arena.allocate(bytes, 4096), shared.layouts(), config))
          .hasMessageContaining("magic=0");
      assertThatThrownBy(
              () -> TrainerMemory.attach(arena.allocate(bytes - 1, 4096), shared.layouts(), config))
          .hasMessageContaining("needed=" + bytes);
    }
  }

  @Test
  void refusesAModelOverOtherWeightsAndStateInFiles() throws Exception {
    try (SharedState shared = new SharedState(Case.ADAMW);
        LanguageModel other = Tiny.model()) {
      TrainerMemory attached = shared.attach();
      assertThatThrownBy(() ->
              LocalTrainer.recoverable(attached, other.decoder(), 1, TrainerOptions.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("TrainerMemory.weights");
      MemoryConfig inFile = MemoryConfig.defaults().withOffload(Offload.ALWAYS);
      assertThatThrownBy(() -> shared.trainer(TrainerOptions.defaults().withMemory(inFile)))
          .hasMessageContaining("train.memory.offload=ALWAYS");
    }
  }

  private static final TargetLoss BROKEN =
      chunk -> {
        Arrays.fill(chunk.dLogprobs(), chunk.from(), chunk.to(), Float.NaN);
        return 1;
      };

  @Test
  void skipsABadStepAndRemembersIt() throws Exception {
    HealthConfig skips = HealthConfig.defaults().withSkipBad(true);
    TrainerOptions options = TrainerOptions.defaults().withHealth(skips);
    List<float[]> plain;
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer =
            new LocalTrainer(model.decoder(), Case.ADAMW.config(), SharedState.STEPS, options)) {
      trainer.step(SharedState.batch(1));
      trainer.step(Tiny.batches(2, 2), BROKEN);
      trainer.step(SharedState.batch(3));
      plain = SharedState.state(model.decoder().weights(), trainer.optimizer().moments());
    }
    try (SharedState shared = new SharedState(Case.ADAMW);
        SharedTrainer holder = new SharedTrainer(shared.attach())) {
      List<String> alarms = new ArrayList<>();
      holder.health().onAlarm(alarm -> alarms.add(alarm.words()));
      shared.trainer(options).step(1, SharedState.batch(1));
      shared.trainer(options).step(Tiny.batches(2, 2), BROKEN);
      assertThat(holder.completed().step()).isEqualTo(2);
      assertThat(holder.health().skipped()).isEqualTo(1);
      assertThat(alarms).singleElement().asString().startsWith("alarm: the update of step 2 was");
      holder.completed();
      assertThat(alarms).hasSize(1);
      LocalTrainer next = shared.trainer(options);
      assertThat(next.health().skipped()).isEqualTo(1);
      next.step(3, SharedState.batch(3));
      assertSame(shared, plain, "skipped");
    }
  }

  @Test
  void aStepThatDivergesChangesNothing() throws Exception {
    try (SharedState shared = new SharedState(Case.ADAMW)) {
      List<float[]> before = shared.state();
      LocalTrainer trainer = shared.trainer();
      assertThatThrownBy(() -> trainer.step(Tiny.batches(1, 2), BROKEN))
          .isInstanceOf(TrainingDiverged.class);
      assertSame(shared, before, "diverged");
      assertThat(shared.trainer().stepsDone()).isZero();
      trainer.close();
    }
  }

  @Test
  void trainersOfOneProcessShareTheMemoryAndCloseNothingOfIt() throws Exception {
    Expected expected = Expected.of(Case.ADAMW);
    try (SharedState shared = new SharedState(Case.ADAMW);
        LanguageModel source = Case.ADAMW.model()) {
      TrainerMemory memory = shared.attach();
      SharedTrainer holder = new SharedTrainer(memory);
      for (long step = 1; step <= 3; step++) {
        LanguageModel model = SharedState.model(Case.ADAMW, source, memory.weights());
        try (model;
            LocalTrainer trainer =
                LocalTrainer.recoverable(
                    memory, model.decoder(), SharedState.STEPS, TrainerOptions.defaults())) {
          trainer.step(step, SharedState.batch(step));
        }
        assertThat(holder.completed().step()).isEqualTo(step);
        assertSame(shared, expected.state(step), "step=" + step);
      }
      holder.close();
    }
  }
}
