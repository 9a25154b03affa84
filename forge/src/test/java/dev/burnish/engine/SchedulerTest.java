package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.draft.StepCost;
import dev.burnish.engine.sampling.Draw;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.DecoderShape;
import dev.burnish.rollout.Priority;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.VersionRange;
import dev.burnish.testing.TinyModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Steps without a model: every token that is drawn is a 3.
class SchedulerTest {
  private static final DecoderShape SHAPE = shape();
  private static final SamplingParams PARAMS = SamplingParams.defaults().withMaxTokens(20);
  private static final Scheduler.Admission ALL = Scheduler.Admission.ALL;

  private final BlockManager blocks = new BlockManager(100);
  private final EngineSettings settings =
      EngineSettings.defaults().withMaxSequences(8).withTokenBudget(32).withLongestWait(1_000);

  private static DecoderShape shape() {
    try (LanguageModel model = TinyModels.llama(24, 1, 0)) {
      return model.decoder().shape();
    }
  }

  private static GroupTask add(Scheduler scheduler, BlockManager blocks, Request request) {
    GroupTask task = GroupTask.of(request, RequestListener.NONE, SHAPE);
    List<Sequence> samples = new ArrayList<>();
    Sequence.Endings endings = new Sequence.Endings(new int[] {1}, Optional.empty());
    for (int i = 0; i < request.sampling().n(); i++) {
      samples.add(
          new Sequence(
              task,
              i,
              request.sampling().maxTokens(),
              endings,
              new Sequence.Memory(blocks, Optional.empty())));
    }
    double rank = RequestOrder.BY_PRIORITY.rank(request);
    task.arrive(new GroupTask.Place(rank, scheduler.nextArrival()), samples);
    scheduler.add(task);
    return task;
  }

  private GroupTask add(Scheduler scheduler, Request request) {
    return add(scheduler, blocks, request);
  }

  private static Request prompt(int length) {
    int[] prompt = new int[length];
    Arrays.fill(prompt, 2 + length % 20);
    return Request.of(prompt, PARAMS);
  }

  /// Does what an engine does with a step.
  private static Scheduler.Step step(Scheduler scheduler, long version, long now) {
    Scheduler.Step step = scheduler.schedule(version, now, ALL);
    for (Scheduler.Chunk chunk : step.chunks()) {
      List<Sequence> drawn = new ArrayList<>(chunk.joined());
      if (chunk.draws()) {
        drawn.add(chunk.sequence());
      }
      chunk.sequence().table().compute(chunk.end());
      drawn.forEach(sequence -> sequence.append(new Draw.Drawn(3, -1), version));
      drawn.stream().filter(Sequence::done).forEach(scheduler::remove);
    }
    return step;
  }

  private static Scheduler.Step step(Scheduler scheduler) {
    return step(scheduler, 0, System.nanoTime());
  }

  private static List<Integer> rows(Scheduler.Step step) {
    return step.chunks().stream().map(Scheduler.Chunk::rows).toList();
  }

  private static List<GroupTask> groups(Scheduler.Step step) {
    return step.chunks().stream().map(chunk -> chunk.sequence().group()).distinct().toList();
  }

  @Test
  void aLongPromptIsCutSoThatThoseThatDecodeAdvance() {
    Scheduler scheduler = new Scheduler(settings, blocks, new StepCost());
    GroupTask shorter = add(scheduler, prompt(5));
    assertThat(rows(step(scheduler))).containsExactly(5);
    GroupTask longer = add(scheduler, prompt(40));
    assertThat(rows(step(scheduler))).containsExactly(1, 31);
    Scheduler.Step second = step(scheduler);
    assertThat(rows(second)).containsExactly(1, 9);
    assertThat(groups(second)).containsExactly(shorter, longer);
    assertThat(rows(step(scheduler))).containsExactly(1, 1);
  }

  @Test
  void theSamplesOfAPromptComputeItOnce() {
    Scheduler scheduler = new Scheduler(settings, blocks, new StepCost());
    GroupTask task = add(scheduler, prompt(40).withSampling(PARAMS.withN(3)));
    assertThat(rows(step(scheduler))).containsExactly(32);
    Scheduler.Step last = step(scheduler);
    assertThat(rows(last)).containsExactly(8);
    assertThat(last.chunks().getFirst().joined()).hasSize(2);
    Scheduler.Step decode = step(scheduler);
    assertThat(rows(decode)).containsExactly(1, 1, 1);
    assertThat(decode.copies()).as("of the last block, for all but one").hasSize(2);
    assertThat(task.samples()).allSatisfy(s -> assertThat(s.length()).isEqualTo(2));
  }

  @Test
  void promptsThatBeginAlikeShareWhatOneOfThemComputesInTheSameStep() {
    Scheduler scheduler = new Scheduler(settings.withTokenBudget(64), blocks, new StepCost());
    int[] longer = new int[36];
    Arrays.fill(longer, 2);
    add(scheduler, Request.of(Arrays.copyOf(longer, 34), PARAMS));
    add(scheduler, Request.of(longer, PARAMS));
    assertThat(rows(step(scheduler))).containsExactly(34, 4);
    assertThat(scheduler.reused()).isEqualTo(32);
  }

  @Test
  void ofThoseThatWaitTheHigherClassIsFirstUnlessOneHasWaitedTooLong() {
    Scheduler scheduler = new Scheduler(settings.withMaxSequences(1), blocks, new StepCost());
    GroupTask training = add(scheduler, prompt(5));
    GroupTask evaluation = add(scheduler, prompt(6).withPriority(Priority.EVALUATION));
    GroupTask interactive = add(scheduler, prompt(7).withPriority(Priority.INTERACTIVE));
    assertThat(groups(step(scheduler))).containsExactly(interactive);
    scheduler.remove(interactive.samples().getFirst());
    assertThat(groups(step(scheduler))).containsExactly(evaluation);
    scheduler.remove(evaluation.samples().getFirst());
    GroupTask another = add(scheduler, prompt(7).withPriority(Priority.INTERACTIVE));
    long later = System.nanoTime() + 1_001_000_000_000L;
    assertThat(groups(step(scheduler, 0, later))).containsExactly(training);
    scheduler.remove(training.samples().getFirst());
    assertThat(groups(step(scheduler, 0, later))).containsExactly(another);
  }

  @Test
  void theYoungestOfTheLowestClassLosesItsBlocksAndIsComputedAgain() {
    BlockManager small = new BlockManager(6);
    Scheduler scheduler = new Scheduler(settings, small, new StepCost());
    GroupTask evaluation = add(scheduler, small, prompt(16).withPriority(Priority.EVALUATION));
    GroupTask older = add(scheduler, small, prompt(15));
    GroupTask younger = add(scheduler, small, prompt(14));
    step(scheduler);
    step(scheduler);
    assertThat(scheduler.numRunning()).isEqualTo(3);
    int before = younger.samples().getFirst().length();
    GroupTask interactive = add(scheduler, small, prompt(30).withPriority(Priority.INTERACTIVE));
    boolean lost = false;
    for (int i = 0; i < 60; i++) {
      step(scheduler);
      lost |= younger.samples().getFirst().table().numBlocks() == 0;
    }
    assertThat(lost).isTrue();
    assertThat(scheduler.preemptions()).isPositive();
    for (GroupTask task : List.of(evaluation, older, younger, interactive)) {
      assertThat(task.samples().getFirst().length()).isEqualTo(20).isGreaterThan(before);
    }
    assertThat(small.numAvailable()).isEqualTo(6);
    assertThat(scheduler.numRunning() + scheduler.numWaiting()).isZero();
  }

  @Test
  void aPreemptionLowersTheNumberThatRunsAndRoomRaisesIt() {
    BlockManager small = new BlockManager(8);
    Scheduler scheduler = new Scheduler(settings, small, new StepCost());
    List<GroupTask> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      tasks.add(add(scheduler, small, prompt(10 + i).withSampling(PARAMS.withMaxTokens(30))));
    }
    int mostAfter = 0;
    for (int i = 0;
        (i < 400 && scheduler.numRunning() + scheduler.numWaiting() > 0) || i == 0;
        i++) {
      long before = scheduler.preemptions();
      step(scheduler);
      mostAfter = scheduler.preemptions() > before ? scheduler.numRunning() : mostAfter;
    }
    assertThat(mostAfter).isBetween(1, 4);
    assertThat(tasks).allSatisfy(t -> assertThat(t.samples().getFirst().length()).isEqualTo(30));
    assertThat(scheduler.preemptions()).as("not one per step").isBetween(1L, 40L);
  }

  @Test
  void whatCameAfterARequestForOtherWeightsWaitsForItsTurn() {
    Scheduler scheduler = new Scheduler(settings.withMaxSequences(2), blocks, new StepCost());
    VersionRange old = VersionRange.exactly(0);
    GroupTask first = add(scheduler, prompt(5).withVersions(old));
    GroupTask newer = add(scheduler, prompt(6).withVersions(VersionRange.exactly(1)));
    GroupTask second = add(scheduler, prompt(7).withVersions(old));
    assertThat(groups(step(scheduler))).containsExactly(first, second);
    GroupTask late = add(scheduler, prompt(8).withVersions(old));
    while (scheduler.numRunning() > 0) {
      assertThat(groups(step(scheduler))).doesNotContain(late, newer);
    }
    assertThat(step(scheduler).isEmpty()).isTrue();
    assertThat(scheduler.next(System.nanoTime())).containsSame(newer);
    assertThat(groups(step(scheduler, 1, System.nanoTime()))).containsExactly(newer);
    scheduler.remove(newer.samples().getFirst());
    assertThat(scheduler.next(System.nanoTime())).containsSame(late);
    assertThat(groups(step(scheduler))).containsExactly(late);
  }

  @Test
  void aRequestForOtherWeightsThatIsAbortedHoldsNobodyUp() {
    Scheduler scheduler = new Scheduler(settings, blocks, new StepCost());
    GroupTask newer = add(scheduler, prompt(6).withVersions(VersionRange.exactly(1)));
    assertThat(step(scheduler).isEmpty()).isTrue();
    GroupTask late = add(scheduler, prompt(8));
    assertThat(step(scheduler).isEmpty()).isTrue();
    newer.abort();
    newer.samples().forEach(scheduler::remove);
    assertThat(groups(step(scheduler))).containsExactly(late);
  }

  @Test
  void onlyRequestsThatHaveBegunAreAdmittedWhereOthersAreToWait() {
    Scheduler scheduler = new Scheduler(settings.withMaxSequences(2), blocks, new StepCost());
    GroupTask begun = add(scheduler, prompt(5).withSampling(PARAMS.withN(3)));
    step(scheduler);
    GroupTask later = add(scheduler, prompt(6));
    Scheduler.Admission only = Scheduler.Admission.BEGUN;
    scheduler.remove(begun.samples().getFirst());
    Scheduler.Step step = scheduler.schedule(0, System.nanoTime(), only);
    assertThat(groups(step)).containsExactly(begun);
    assertThat(step.chunks()).hasSize(2);
    assertThat(later.begun()).isFalse();
  }
}
