package dev.burnish.rl.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Stopped;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rl.ledger.GroupEnd.Kind;
import dev.burnish.rl.ledger.Ledger;
import dev.burnish.rl.loop.RolloutSettings.Attempts;
import dev.burnish.rl.loop.RolloutSettings.Mode;
import dev.burnish.rl.replay.BufferConfig;
import dev.burnish.rl.replay.MemoryBuffer;
import dev.burnish.rl.replay.Selection;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.RolloutFailure.RewardFailed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RolloutsTest {
  private static final Attempts ONCE = new Attempts(1, Duration.ofMinutes(1));

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final FakeRun run = new FakeRun();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
  }

  private Rollouts rollouts(RolloutSettings settings, RolloutFunction function) {
    return rollouts("episodes.bin", settings, function, GroupFilter.none());
  }

  private Rollouts rollouts(
      String file, RolloutSettings settings, RolloutFunction function, GroupFilter filter) {
    EpisodeJournal journal = EpisodeJournal.open(folder.resolve(file));
    open.add(journal);
    Rollouts rollouts =
        Rollouts.of(settings, new MemoryBuffer(settings.buffer()), journal, function, filter);
    open.add(rollouts);
    return rollouts;
  }

  private static RolloutSettings settings(int batch, int lag, long steps) {
    return RolloutSettings.fixedLag(batch, lag, steps, 7).withAttempts(ONCE);
  }

  private static void perturb(Random random) {
    if (random.nextInt(3) > 0) {
      LockSupport.parkNanos(random.nextInt(300_000));
    }
  }

  @Test
  void aFixedLagGivesTheSameNumbersWhateverTheTiming() throws Exception {
    for (int lag = 0; lag < 3; lag++) {
      FakeRun straight = new FakeRun();
      Rollouts calm = rollouts("calm" + lag, settings(3, lag, 6), Groups::of, GroupFilter.none());
      calm.published(0, List.of());
      straight.train(calm, 0, 6);
      for (int seed = 0; seed < 17; seed++) {
        Random random = new Random(seed);
        FakeRun perturbed = new FakeRun();
        Rollouts rollouts =
            rollouts(
                "lag%d-%d".formatted(lag, seed),
                settings(3, lag, 6),
                slot -> {
                  perturb(new Random(random.nextLong() + slot.position()));
                  return Groups.of(slot);
                },
                GroupFilter.none());
        rollouts.published(0, List.of());
        for (long version = 0; version < 6; version++) {
          perturb(random);
          perturbed.step(rollouts, version);
        }
        assertThat(perturbed.lines).as("lag=%d seed=%d", lag, seed).isEqualTo(straight.lines);
        assertThat(perturbed.metrics).as("lag=%d seed=%d", lag, seed).isEqualTo(straight.metrics);
      }
      assertThat(straight.metrics.getLast())
          .contains("groups=3.0")
          .contains("stalenessMax=%s.0".formatted(lag))
          .contains("groupsTrained:18.0");
    }
  }

  @Test
  void everySlotSaysWhatDeterminesItsGroup() throws Exception {
    Map<Long, Slot> slots = new ConcurrentHashMap<>();
    Rollouts rollouts =
        rollouts(
            settings(2, 1, 4),
            slot -> {
              slots.put(slot.position(), slot);
              return Groups.of(slot);
            });
    assertThat(rollouts.bound())
        .contains("more than 1 versions older")
        .contains("at most 4 groups are under way");
    rollouts.published(0, List.of());
    run.train(rollouts, 0, 4);
    assertThat(slots).hasSize(8);
    slots.forEach((position, slot) -> {
      assertThat(slot.step()).isEqualTo(position / 2 + 1);
      assertThat(slot.versions().least()).isEqualTo(Math.max(0, position / 2 - 1));
      assertThat(slot.versions().most()).isEqualTo(slot.versions().least());
      assertThat(slot.attempt()).isEqualTo(1);
    });
    assertThat(slots.values().stream().map(Slot::seed)).doesNotHaveDuplicates();
    assertThat(rollouts.funnel().ended(Kind.TRAINED)).isEqualTo(8);
    assertThat(rollouts.funnel().open()).isZero();
  }

  @Test
  void onPolicyNoGroupOfTheNextStepBeginsBeforeTheResultOfThisOneIsPublished() throws Exception {
    Set<Long> begun = ConcurrentHashMap.newKeySet();
    Rollouts rollouts =
        rollouts(
            settings(2, 0, 3),
            slot -> {
              begun.add(slot.position());
              return Groups.of(slot);
            });
    rollouts.published(0, List.of());
    rollouts.take(0);
    assertThat(begun).containsExactlyInAnyOrder(0L, 1L);
    rollouts.published(1, List.of());
    rollouts.take(1);
    assertThat(begun).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
  }

  @Test
  void aRewardThatThrowsIsNoRewardOfZero() throws Exception {
    Rollouts rollouts =
        rollouts(
            settings(3, 0, 2),
            slot -> {
              if (slot.position() == 1) {
                throw new RewardFailed("the verifier crashed", new IllegalStateException());
              }
              return Groups.of(slot);
            });
    rollouts.published(0, List.of());
    assertThat(rollouts.take(0).positions()).containsExactly(0L, 2L);
    LoopReport report = rollouts.published(1, List.of()).orElseThrow();
    assertThat(report.content().groups()).isEqualTo(2);
    assertThat(report.tally().failed()).isEqualTo(1);
    assertThat(rollouts.take(1).positions()).containsExactly(3L, 4L, 5L);
    assertThat(rollouts.funnel().ended(Kind.REWARD_FAILED)).isEqualTo(1);
  }

  @Test
  void failuresAreCountedByTheirTypes() throws Exception {
    Rollouts rollouts =
        rollouts(
            settings(4, 0, 1),
            slot ->
                switch ((int) slot.position()) {
                  case 0 -> throw new GenerationFailed("no", new ReplicaLost("gone"));
                  case 1 -> throw new java.io.IOException("a tool");
                  case 2 ->
                      throw new IllegalStateException(
                          "wrapped", new RewardFailed("no", new RuntimeException()));
                  default -> Groups.of(slot);
                });
    rollouts.published(0, List.of());
    assertThat(rollouts.take(0).positions()).containsExactly(3L);
    Ledger.Funnel funnel = rollouts.funnel();
    assertThat(funnel.ended(Kind.GENERATOR_FAILED)).isEqualTo(1);
    assertThat(funnel.ended(Kind.ENVIRONMENT_FAILED)).isEqualTo(1);
    assertThat(funnel.ended(Kind.REWARD_FAILED)).isEqualTo(1);
  }

  /// A lost process has nothing to do with what was drawn; a reward that throws would throw again.
  @Test
  void aFurtherAttemptDrawsTheSameUnlessWhatWasDrawnFailed() throws Exception {
    Queue<Slot> lost = new ConcurrentLinkedQueue<>();
    Queue<Slot> thrown = new ConcurrentLinkedQueue<>();
    Rollouts rollouts =
        rollouts(
            settings(2, 0, 1).withAttempts(new Attempts(3, Duration.ofMinutes(1))),
            slot -> {
              (slot.position() == 0 ? lost : thrown).add(slot);
              if (slot.attempt() < 3) {
                throw slot.position() == 0
                    ? new GenerationFailed("lost", new ReplicaLost("killed"))
                    : new RewardFailed("threw", new IllegalStateException());
              }
              return Groups.of(slot);
            });
    rollouts.published(0, List.of());
    assertThat(rollouts.take(0).positions()).containsExactly(0L, 1L);
    assertThat(lost.stream().map(Slot::attempt)).containsExactly(1, 2, 3);
    assertThat(lost.stream().map(Slot::seed).distinct()).hasSize(1);
    assertThat(thrown.stream().map(Slot::seed).distinct()).hasSize(3);
    LoopReport report = rollouts.published(1, List.of()).orElseThrow();
    assertThat(report.tally().retries()).isEqualTo(4);
    assertThat(rollouts.funnel().retries()).isEqualTo(4);
    assertThat(rollouts.funnel().dispatched()).isEqualTo(2);
  }

  @Test
  void aStragglerThatIgnoresItsInterruptWedgesNothingNorDoesItAfterAResume() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Queue<Long> begun = new ConcurrentLinkedQueue<>();
    RolloutFunction function =
        slot -> {
          begun.add(slot.position());
          while (slot.position() == 1 && never.getCount() > 0) {
            LockSupport.parkNanos(1_000_000);
            boolean ignored = Thread.interrupted();
          }
          return Groups.of(slot);
        };
    RolloutSettings quick = settings(2, 1, 3).withAttempts(new Attempts(1, Duration.ofSeconds(1)));
    Rollouts rollouts = rollouts(quick, function);
    byte[] before = rollouts.state();
    rollouts.published(0, run.digests(0));
    run.train(rollouts, 0, 3);
    assertThat(run.lines.getFirst()).startsWith("[0]");
    assertThat(run.metrics.getFirst()).contains("groups=1.0").contains("groupsFailed=1.0");
    assertThat(rollouts.funnel().ended(Kind.TIMED_OUT)).isEqualTo(1);

    begun.clear();
    FakeRun resumed = new FakeRun();
    Rollouts next = rollouts(quick, function);
    next.resume(before);
    next.published(0, resumed.digests(0));
    resumed.train(next, 0, 3);
    assertThat(begun).as("finished and failed groups are not made again").isEmpty();
    assertThat(resumed.lines).isEqualTo(run.lines);
    assertThat(resumed.metrics).isEqualTo(run.metrics);
    never.countDown();
  }

  @Test
  void aStepWhoseGroupsAllFailedSaysWhy() {
    Rollouts rollouts =
        rollouts(
            settings(2, 0, 2),
            _ -> {
              throw new RewardFailed("no license for the verifier", new RuntimeException());
            });
    rollouts.published(0, List.of());
    assertThatThrownBy(() -> rollouts.take(0))
        .isInstanceOf(RolloutsFailedException.class)
        .hasMessageContaining("failed=2")
        .hasMessageContaining("no license for the verifier");
  }

  @Test
  void aStepWithNothingToLearnIsEmptyAndTheNextOneFollows() throws Exception {
    Rollouts rollouts =
        rollouts(
            "episodes.bin",
            settings(2, 0, 2),
            Groups::of,
            group ->
                group.problem().index() < 2
                    ? java.util.Optional.of("too easy")
                    : java.util.Optional.empty());
    rollouts.published(0, List.of());
    assertThat(rollouts.take(0).isEmpty()).isTrue();
    assertThat(rollouts.published(1, List.of()).orElseThrow().tally().filtered()).isEqualTo(2);
    assertThat(rollouts.take(1).positions()).containsExactly(2L, 3L);
    assertThat(rollouts.funnel().ended(Kind.FILTERED)).isEqualTo(2);
  }

  @Test
  void aGroupByOtherWeightsThanItsSlotSaysFailsTheTrainingAtOnce() {
    Rollouts rollouts =
        rollouts(settings(1, 0, 2), slot -> Groups.of(slot.position(), slot.seed(), 5));
    rollouts.published(0, List.of());
    assertThatThrownBy(() -> rollouts.take(0))
        .isInstanceOf(RolloutsFailedException.class)
        .hasMessageContaining("pass slot.versions() to the generator");
  }

  @Test
  void anErrorInAWaitingLoopFailsTheTrainingAtOnce() {
    Rollouts rollouts =
        rollouts(
            settings(2, 0, 2),
            slot -> {
              if (slot.position() == 1) {
                throw new AssertionError("a bug");
              }
              return Groups.of(slot);
            });
    rollouts.published(0, List.of());
    assertThatThrownBy(() -> rollouts.take(0))
        .isInstanceOf(RolloutsFailedException.class)
        .hasMessageContaining("a bug")
        .hasCauseInstanceOf(AssertionError.class);
  }

  @Test
  void aRequestToStopEndsTheWaitForABatch() {
    Rollouts rollouts =
        rollouts(
            settings(2, 0, 2),
            _ -> {
              throw new Stopped("ctrl-c");
            });
    rollouts.published(0, List.of());
    assertThatThrownBy(() -> rollouts.take(0)).isInstanceOf(Stopped.class);
  }

  @Test
  void closingInterruptsAndCancelsWhatIsUnderWay() throws Exception {
    CountDownLatch begun = new CountDownLatch(3);
    CountDownLatch interrupted = new CountDownLatch(3);
    Rollouts rollouts =
        rollouts(
            settings(3, 0, 5),
            slot -> {
              begun.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
              }
              return Groups.of(slot);
            });
    rollouts.published(0, List.of());
    begun.await();
    rollouts.close();
    interrupted.await();
    Ledger.Funnel funnel = rollouts.funnel();
    assertThat(funnel.dispatched()).isEqualTo(3);
    assertThat(funnel.ended(Kind.CANCELLED)).isEqualTo(3);
    assertThat(funnel.open()).isZero();
  }

  @Test
  void aVersionThatWasNotTrainedIsNotPublished() throws Exception {
    Rollouts rollouts = rollouts(settings(1, 1, 5), Groups::of);
    rollouts.published(0, List.of());
    rollouts.take(0);
    assertThatThrownBy(() -> rollouts.published(2, List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("version=2 published=0");
    assertThat(rollouts.published(1, List.of())).isPresent();
    assertThatThrownBy(() -> rollouts.published(2, List.of()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aResumedRunHasTheNumbersOfOneThatWasNotDisturbed() throws Exception {
    RolloutSettings settings = settings(3, 2, 8);
    Rollouts straight = rollouts("straight", settings, Groups::of, GroupFilter.none());
    straight.published(0, run.digests(0));
    run.train(straight, 0, 8);
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      long saved = random.nextInt(5);
      long killed = saved + random.nextInt(3);
      RolloutFunction function =
          slot -> {
            perturb(new Random(slot.seed()));
            return Groups.of(slot);
          };
      FakeRun disturbed = new FakeRun();
      String file = "killed" + seed;
      Rollouts first = rollouts(file, settings, function, GroupFilter.none());
      first.published(0, disturbed.digests(0));
      disturbed.train(first, 0, saved);
      byte[] state = first.state();
      List<String> metrics = new ArrayList<>(disturbed.metrics);
      disturbed.train(first, saved, killed);
      first.close();
      Set<Long> again = ConcurrentHashMap.newKeySet();
      Rollouts next =
          rollouts(
              file,
              settings,
              slot -> {
                again.add(slot.position());
                return function.make(slot);
              },
              GroupFilter.none());
      next.resume(state);
      next.published(saved, disturbed.digests(saved));
      disturbed.metrics.clear();
      disturbed.metrics.addAll(metrics);
      disturbed.train(next, saved, 8);
      assertThat(disturbed.lines).as("seed=%d", seed).isEqualTo(run.lines);
      assertThat(disturbed.metrics).as("seed=%d", seed).isEqualTo(run.metrics);
      assertThat(again)
          .as("seed=%d: what was trained on before is not made again", seed)
          .noneMatch(position -> position < 3 * killed);
      assertThat(next.funnel().ended(Kind.TRAINED)).isEqualTo(24);
    }
  }

  /// With other settings the weights differ, and so would the groups.
  @Test
  void groupsOfLaterWeightsAreMadeAgainWhereThoseWeightsDiffer() throws Exception {
    RolloutSettings settings = settings(1, 0, 4);
    Rollouts first = rollouts(settings, Groups::of);
    byte[] state = first.state();
    first.published(0, List.of(0L));
    for (long version = 0; version < 4; version++) {
      first.take(version);
      first.published(version + 1, List.of(version + 1));
    }
    Set<Long> again = ConcurrentHashMap.newKeySet();
    Rollouts next =
        rollouts(
            settings,
            slot -> {
              again.add(slot.position());
              return Groups.of(slot);
            });
    next.resume(state);
    next.published(0, List.of(0L));
    next.take(0);
    next.published(1, List.of(1L));
    next.take(1);
    next.published(2, List.of(99L));
    next.take(2);
    assertThat(again).containsExactly(2L);
  }

  @Test
  void continuousRolloutsPassAStragglerWithinTheirWindow() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    RolloutSettings windowed =
        RolloutSettings.continuous(2, 1, 6, 3).withSelection(new Selection.Windowed(4), 8);
    Rollouts rollouts =
        rollouts(
            windowed,
            slot -> {
              if (slot.position() == 0) {
                slow.await();
              }
              return Groups.of(slot);
            });
    rollouts.published(0, List.of());
    assertThat(rollouts.take(0).positions()).doesNotContain(0L);
    rollouts.published(1, List.of());
    slow.countDown();
    List<Long> trained = new ArrayList<>();
    for (long version = 1; version < 6; version++) {
      trained.addAll(rollouts.take(version).positions());
      rollouts.published(version + 1, List.of());
    }
    assertThat(trained).contains(0L).doesNotHaveDuplicates();
  }

  /// Failed groups return their slots too: a window that waited for them would wait for ever.
  @Test
  void failuresNeverStarveAWindow() throws Exception {
    RolloutSettings windowed =
        RolloutSettings.continuous(2, 0, 20, 3)
            .withAttempts(ONCE)
            .withSelection(new Selection.Windowed(2), 8);
    Rollouts rollouts =
        rollouts(
            windowed,
            slot -> {
              if (slot.position() % 3 == 0) {
                throw new RewardFailed("every third", new RuntimeException());
              }
              return Groups.of(slot);
            });
    rollouts.published(0, List.of());
    run.train(rollouts, 0, 20);
    assertThat(rollouts.funnel().ended(Kind.TRAINED)).isEqualTo(40);
    assertThat(rollouts.funnel().ended(Kind.REWARD_FAILED)).isGreaterThanOrEqualTo(19);
  }

  @Test
  void drawnGroupsEndOnceAlsoThoseThatWereDropped() throws Exception {
    for (Selection selection :
        List.of(new Selection.Uniform(3), new Selection.Prioritised(1, 1, 2))) {
      RolloutSettings drawn =
          new RolloutSettings(new BufferConfig(3, 12, 1, selection, 5), Mode.CONTINUOUS, 30, ONCE);
      Rollouts rollouts = rollouts(selection.toString(), drawn, Groups::of, GroupFilter.none());
      rollouts.published(0, List.of());
      byte[] state = new byte[0];
      for (long version = 0; version < 15; version++) {
        rollouts.take(version).positions().forEach(p -> rollouts.prioritise(p, p + 1.0));
        rollouts.published(version + 1, List.of(version));
        state = rollouts.state();
      }
      rollouts.close();
      Rollouts next = rollouts(selection.toString(), drawn, Groups::of, GroupFilter.none());
      next.resume(state);
      next.published(15, List.of(14L));
      for (long version = 15; version < 30; version++) {
        assertThat(next.take(version).held()).hasSize(3);
        next.published(version + 1, List.of(version));
      }
      next.close();
      Ledger.Funnel funnel = next.funnel();
      assertThat(funnel.open()).isZero();
      assertThat(funnel.ended(Kind.TRAINED)).as(funnel.toString()).isGreaterThan(20);
    }
  }

  @Test
  void whatIsNoStateIsRefused() {
    Rollouts rollouts = rollouts(settings(1, 0, 1), Groups::of);
    assertThatThrownBy(() -> rollouts.resume(new byte[] {1, 2}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not the state of rollouts");
    assertThatThrownBy(() -> settings(1, 0, 1).withSelection(new Selection.Windowed(2), 4))
        .hasMessageContaining("rollouts.mode=FIXED_LAG");
    assertThatThrownBy(() -> new Attempts(0, Duration.ofSeconds(1)))
        .hasMessageContaining("rollouts.attempts=0");
  }
}
