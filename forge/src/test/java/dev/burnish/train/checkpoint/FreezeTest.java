package dev.burnish.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FreezeTest {
  private final int[] values = {1, 2, 3};

  /// Three parts of four bytes each.
  private Freeze freeze(boolean lastFirst, long mostCopied) {
    List<Freeze.Source> sources = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      int part = i;
      sources.add(
          new Freeze.Source() {
            @Override
            public long bytes() {
              return 4;
            }

            @Override
            public List<StoredTensor> open(Arena arena) {
              return List.of(
                  new StoredTensor(
                      "x",
                      DType.I32,
                      new long[] {1},
                      arena.allocateFrom(ValueLayout.JAVA_INT, values[part])));
            }
          });
    }
    return new Freeze(sources, lastFirst, mostCopied);
  }

  private static int read(Freeze freeze, int piece) {
    List<Integer> seen = new ArrayList<>();
    freeze.read(piece, list -> seen.add(list.getFirst().data().get(ValueLayout.JAVA_INT, 0)));
    return seen.getFirst();
  }

  /// A thread that runs `work`, once it waits or has ended.
  private static Thread blocked(Runnable work) {
    Thread thread = Thread.ofPlatform().name("trainer").start(work);
    until(() -> thread.getState() == Thread.State.WAITING || !thread.isAlive());
    return thread;
  }

  private static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void copiesAPartThatIsUpdatedBeforeItIsRead() {
    Freeze freeze = freeze(false, 4);
    freeze.beforeUpdate(0);
    values[0] = 10;
    assertThat(read(freeze, 0)).isEqualTo(1);
    freeze.beforeUpdate(1);
    values[1] = 20;
    assertThat(read(freeze, 1)).isEqualTo(2);
    assertThat(read(freeze, 2)).isEqualTo(3);
    assertThat(freeze.isDone()).isTrue();
  }

  @Test
  void waitsWhereCopiesHaveUsedUpTheirMemory() throws InterruptedException {
    Freeze freeze = freeze(false, 4);
    freeze.beforeUpdate(0);
    Thread trainer = blocked(() -> freeze.beforeUpdate(1));
    assertThat(trainer.isAlive()).isTrue();
    assertThat(read(freeze, 0)).isEqualTo(1);
    trainer.join();
    values[1] = 20;
    assertThat(read(freeze, 1)).isEqualTo(2);
  }

  @Test
  void waitsForAPartThatIsBeingRead() throws InterruptedException {
    Freeze freeze = freeze(false, 1000);
    List<Thread> trainer = new ArrayList<>();
    freeze.read(
        0,
        list -> {
          trainer.add(
              blocked(() -> {
                freeze.beforeUpdate(0);
                values[0] = 10;
              }));
          assertThat(trainer.getFirst().isAlive()).isTrue();
          assertThat(list.getFirst().data().get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
        });
    trainer.getFirst().join();
    assertThat(values[0]).isEqualTo(10);
  }

  @Test
  void isReadInTheOrderOfUpdatesAndOnce() {
    Freeze freeze = freeze(true, 0);
    assertThat(freeze.name(0)).isEqualTo("part-002");
    assertThat(read(freeze, 0)).isEqualTo(3);
    assertThatThrownBy(() -> read(freeze, 0)).hasMessageContaining("piece=part-002");
  }

  @Test
  void closingLetsTheTrainerGoOn() throws InterruptedException {
    Freeze freeze = freeze(false, 0);
    Thread trainer = blocked(() -> freeze.beforeUpdate(2));
    assertThat(trainer.isAlive()).isTrue();
    freeze.close();
    trainer.join();
    freeze.awaitDone();
  }
}
