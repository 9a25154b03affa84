package dev.burnish.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Replicas are lists of the changes that they have seen.
class UpdatesTest {
  private final Updates<List<String>> updates = new Updates<>();

  private static List<String> replica() {
    return Collections.synchronizedList(new ArrayList<>());
  }

  private void update(String what, String value, List<List<String>> members) {
    updates.update(
        what,
        replica -> replica.add(value),
        () -> List.copyOf(members),
        all -> all.forEach(replica -> replica.add(value)));
  }

  @Test
  void whoJoinsLaterGetsTheLastChangeOfEachName() {
    update("weights", "w1", List.of());
    update("prompt", "p1", List.of());
    update("weights", "w2", List.of());
    updates.onStart(replica -> replica.add("hook"));
    List<String> late = replica();
    updates.admit(late, () -> late.add("joined"));
    assertThat(late).containsExactly("hook", "p1", "w2", "joined");
  }

  @Test
  void whoJoinsDuringAChangeHasItBeforeItTakesCalls() throws Exception {
    Joining slow = new Joining();
    List<List<String>> members = List.of(replica());
    update("weights", "w1", members);
    assertThat(members.getFirst()).as("a slow start holds no change up").containsExactly("w1");
    assertThat(slow.goOn()).containsExactly("hook", "hook", "w1", "joined");
  }

  @Test
  void aFanOutThatBeginsDuringAStartHasTheHookRunAgain() throws Exception {
    Joining slow = new Joining();
    assertThat(updates.begin(() -> "members")).isEqualTo("members");
    assertThat(slow.goOn()).containsExactly("hook", "hook", "joined");
  }

  @Test
  void aChangeThatFailsIsForgottenAndTheOneBeforeStays() {
    update("weights", "w1", List.of());
    assertThatThrownBy(() ->
            updates.update(
                "weights",
                replica -> replica.add("w2"),
                () -> List.<List<String>>of(),
                all -> {
                  throw new IllegalArgumentException("no such version");
                }))
        .isInstanceOf(IllegalArgumentException.class);
    List<String> late = replica();
    updates.admit(late, () -> late.add("joined"));
    assertThat(late).containsExactly("w1", "joined");
  }

  @Test
  void nobodyJoinsWhileAChangeIsUnderWay() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    List<String> late = replica();
    update("prompt", "p1", List.of());
    Thread changing =
        Thread.ofPlatform()
            .start(() ->
                updates.update(
                    "weights",
                    replica -> replica.add("w1"),
                    List::of,
                    all -> {
                      begun.countDown();
                      awaitQuietly(held);
                    }));
    begun.await();
    Thread joining = Thread.ofPlatform().start(() -> updates.admit(late, () -> late.add("joined")));
    while (joining.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(late).containsExactly("p1");
    held.countDown();
    joining.join();
    changing.join();
    assertThat(late).as("each change once, in their order").containsExactly("p1", "w1", "joined");
  }

  @Test
  void theSameChangeMadeAgainIsAnotherOne() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    List<String> late = replica();
    update("prompt", "p1", List.of());
    Consumer<List<String>> pull =
        replica -> {
          replica.add("pull");
          begun.countDown();
          awaitQuietly(held);
        };
    updates.update("weights", pull, List::of, all -> {});
    Thread joining = Thread.ofVirtual().start(() -> updates.admit(late, () -> late.add("joined")));
    begun.await();
    updates.update("weights", pull, List::of, all -> {});
    held.countDown();
    joining.join();
    assertThat(late).containsExactly("p1", "pull", "pull", "joined");
  }

  /// A replica that joins, and is held in its hook.
  private final class Joining {
    private final CountDownLatch held = new CountDownLatch(1);
    private final List<String> seen = replica();
    private final Thread thread;

    Joining() throws InterruptedException {
      CountDownLatch begun = new CountDownLatch(1);
      updates.onStart(replica -> {
        replica.add("hook");
        begun.countDown();
        awaitQuietly(held);
      });
      thread = Thread.ofVirtual().start(() -> updates.admit(seen, () -> seen.add("joined")));
      begun.await();
    }

    /// Lets it join; returns the changes that it has seen.
    List<String> goOn() throws InterruptedException {
      held.countDown();
      thread.join();
      return seen;
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
