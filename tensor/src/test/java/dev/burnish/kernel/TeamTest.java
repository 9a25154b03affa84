package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {
  /// Also far more threads than processors.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 64})
  void everyPieceRunsOnceBeforeTheCallReturns(int size) {
    Team team = new Team(size);
    for (int trial = 0; trial < 100; trial++) {
      int pieces = trial % 70;
      AtomicIntegerArray runs = new AtomicIntegerArray(70);
      team.run(pieces, runs::getAndIncrement);
      for (int piece = 0; piece < 70; piece++) {
        assertThat(runs.get(piece)).as("piece=%d", piece).isEqualTo(piece < pieces ? 1 : 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 8, 64})
  void noTwoPiecesRunOnOneSeatAtATime(int size) {
    Team team = new Team(size);
    AtomicIntegerArray busy = new AtomicIntegerArray(size);
    AtomicIntegerArray wrong = new AtomicIntegerArray(1);
    for (int trial = 0; trial < 50; trial++) {
      team.runSeated(
          200,
          (_, seat) -> {
            if (busy.incrementAndGet(seat) != 1) {
              wrong.incrementAndGet(0);
            }
            Thread.onSpinWait();
            busy.decrementAndGet(seat);
          });
    }
    assertThat(wrong.get(0)).isZero();
  }

  /// A member whose piece takes long does not hold up pieces that would have been its own.
  @Test
  void othersTakeThePiecesOfAThreadThatIsHeldUp() {
    Team team = new Team(2);
    CountDownLatch others = new CountDownLatch(7);
    team.run(
        8,
        piece -> {
          if (piece == 0) {
            awaitUninterruptibly(others);
          } else {
            others.countDown();
          }
        });
    assertThat(others.getCount()).isZero();
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatAPieceThrowsIsThrownAfterTheOthersAreDone() {
    Team team = new Team(3);
    AtomicIntegerArray runs = new AtomicIntegerArray(9);
    assertThatThrownBy(() ->
            team.run(
                9,
                piece -> {
                  runs.getAndIncrement(piece);
                  if (piece == 4) {
                    throw new OutOfMemoryError("piece 4");
                  }
                }))
        .isInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("piece 4");
    for (int piece = 0; piece < 9; piece++) {
      assertThat(runs.get(piece)).isEqualTo(1);
    }
    team.run(2, runs::getAndIncrement);
    assertThat(runs.get(0)).isEqualTo(2);
  }

  @Test
  void aPieceMayRunAnOperationOfItsOwn() {
    Team team = new Team(2);
    AtomicIntegerArray runs = new AtomicIntegerArray(4);
    team.run(1, _ -> team.run(4, runs::getAndIncrement));
    assertThat(runs.toString()).isEqualTo("[1, 1, 1, 1]");
  }
}
