package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.run.StepLoop.Left;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StepLoopTest {
  private final AtomicLong updates = new AtomicLong();
  private final StepLoop loop = new StepLoop(3, updates::get);

  @Test
  void stepsAreCountedFromThoseThatAreDone() {
    loop.total(5);
    assertThat(loop.present()).isEqualTo(3);
    assertThat(loop.open()).isEqualTo(4);
    assertThat(loop.present()).isEqualTo(4);
    assertThat(loop.completed()).isEqualTo(3);
    assertThat(loop.isLast()).isFalse();
    loop.complete();
    assertThat(loop.completed()).isEqualTo(4);
    loop.open();
    assertThat(loop.isLast()).isTrue();
  }

  @Test
  void aStepAfterWhichTheGoalIsReachedIsTheLast() {
    loop.total(9);
    loop.open();
    loop.finish();
    assertThat(loop.isLast()).isTrue();
  }

  @Test
  void oneStepIsOpenAtATime() {
    loop.open();
    assertThatThrownBy(loop::open)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("step=4");
    loop.complete();
    assertThatThrownBy(loop::complete).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatAStepHasDoneIsToldByItsUpdates() {
    assertThat(loop.left()).isEqualTo(Left.BETWEEN_STEPS);
    loop.open();
    assertThat(loop.left()).isEqualTo(Left.NOTHING_DONE);
    updates.addAndGet(2);
    assertThat(loop.left()).as("the first step tells how many there are").isEqualTo(Left.UPDATED);
    loop.complete();
    loop.open();
    updates.addAndGet(1);
    assertThat(loop.left()).isEqualTo(Left.HALF_DONE);
    updates.addAndGet(1);
    assertThat(loop.left()).isEqualTo(Left.UPDATED);
    loop.abandon();
    assertThat(loop.present()).isEqualTo(4);
  }
}
