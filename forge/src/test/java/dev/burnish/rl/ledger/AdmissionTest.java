package dev.burnish.rl.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rl.ledger.Admission.Admitted;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AdmissionTest {
  private static List<Admitted> admit(Admission admission, int count) throws InterruptedException {
    List<Admitted> slots = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      slots.add(admission.admit());
    }
    return slots;
  }

  /// A thread that waits for the next slot.
  private static Thread waiting(Admission admission, BlockingQueue<Admitted> to) {
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                to.add(admission.admit());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return thread;
  }

  @Test
  void onPolicyAllGroupsOfAStepAreMadeByItsVersion() throws Exception {
    Admission admission = new Admission(2, 0);
    assertThat(admit(admission, 2)).containsExactly(new Admitted(0, 0), new Admitted(1, 0));
    BlockingQueue<Admitted> next = new LinkedBlockingQueue<>();
    waiting(admission, next);
    assertThat(next).isEmpty();
    admission.published(1);
    assertThat(next.take()).isEqualTo(new Admitted(2, 1));
  }

  @Test
  void noGroupIsOlderThanTheBoundWhenItIsTrained() throws Exception {
    for (int lag = 0; lag < 4; lag++) {
      Admission admission = new Admission(3, lag);
      assertThat(admission.numSlots()).isEqualTo(3 * (lag + 1));
      List<Admitted> all = new ArrayList<>(admit(admission, admission.numSlots()));
      for (long version = 1; version < 20; version++) {
        admission.published(version);
        all.addAll(admit(admission, 3));
      }
      for (Admitted slot : all) {
        long trained = slot.position() / 3;
        assertThat(trained - slot.version()).isBetween(0L, (long) lag);
        assertThat(slot.version()).isEqualTo(Math.max(0, trained - lag));
      }
    }
  }

  @Test
  void anInterruptTakesNoSlot() throws Exception {
    Admission admission = new Admission(1, 0);
    admission.admit();
    Thread thread = waiting(admission, new LinkedBlockingQueue<>());
    thread.interrupt();
    thread.join();
    admission.published(1);
    assertThat(admission.admit()).isEqualTo(new Admitted(1, 1));
  }

  @Test
  void anOldVersionChangesNothingAndAResumedOneContinues() throws Exception {
    Admission admission = new Admission(2, 1);
    admission.resume(10, 4);
    admission.published(3);
    assertThat(admit(admission, 2)).containsExactly(new Admitted(10, 4), new Admitted(11, 4));
    assertThat(admission.next()).isEqualTo(12);
    assertThat(admission.admitted(9)).isEqualTo(new Admitted(9, 3));
  }

  @Test
  void whatCouldNeverAdmitIsRefused() {
    assertThatThrownBy(() -> new Admission(0, 1)).hasMessageContaining("batch=0");
    assertThatThrownBy(() -> new Admission(1, -1)).hasMessageContaining("maxStaleness=-1");
  }
}
