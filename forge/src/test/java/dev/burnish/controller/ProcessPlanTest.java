package dev.burnish.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.controller.ProcessPlan.Role;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.ParameterSpec;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessPlanTest {
  private static final int FLOATS_OF_A_MEGABYTE = 1 << 18;

  private static FlatLayout part(int megabytes) {
    return FlatLayout.of(List.of(new ParameterSpec("w", megabytes, FLOATS_OF_A_MEGABYTE)));
  }

  private static ProcessPlan plan(LoopSettings settings, int... megabytes) {
    return ProcessPlan.of(
        settings, 4, Arrays.stream(megabytes).mapToObj(ProcessPlanTest::part).toList());
  }

  @Test
  void theHeapOfAGeneratorHasRoomForTheModelPacked() {
    ProcessPlan plan = plan(LoopSettings.defaults(), 300, 200, 100);
    assertThat(plan.role("generator").heapMegabytes()).isBetween(512 + 600, 512 + 620);
    assertThat(plan.role("trainer").heapMegabytes()).isBetween(512 + 600, 512 + 620);
    assertThat(plan.role("weights").heapMegabytes()).isLessThan(300);
  }

  @Test
  void aCriticTakesTurnsWithTheTrainerAndHasItsCores() {
    LoopSettings together = LoopSettings.defaults().withMaxStaleness(1);
    assertThat(plan(together, 1).roles()).extracting(Role::name).doesNotContain("critic");
    ProcessPlan plan = plan(together, 300, 200).withCritic();
    assertThat(plan.roles())
        .extracting(Role::name)
        .containsExactly("trainer", "critic", "generator", "reward", "buffer", "weights");
    assertThat(plan.role("critic").cores()).isEqualTo(plan.role("trainer").cores()).isEqualTo(2);
    assertThat(plan.role("critic").heapMegabytes()).isEqualTo(plan.role("trainer").heapMegabytes());
    assertThat(plan.table()).containsPattern("(?m)^  critic +1 +2 +\\d+ MB +cpu  weights");
  }

  @Test
  void partsThatComputeAtTheSameTimeShareTheCores() {
    LoopSettings apart = LoopSettings.defaults();
    assertThat(plan(apart, 1).role("trainer").cores()).isEqualTo(4);
    assertThat(plan(apart, 1).role("generator").cores()).isEqualTo(4);
    LoopSettings together = apart.withMaxStaleness(1);
    assertThat(plan(together, 1).role("trainer").cores()).isEqualTo(2);
    assertThat(plan(together, 1).role("generator").cores()).isEqualTo(2);
    assertThat(plan(together.with(Processes.THREADS), 1).role("trainer").cores()).isEqualTo(4);
  }
}
