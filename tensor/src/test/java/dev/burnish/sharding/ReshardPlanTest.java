package dev.burnish.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Who reads which elements from whom.
class ReshardPlanTest {
  private static Layout layout(List<Long> shape, DeviceMesh mesh, String... placements) {
    return new Layout(
        shape,
        mesh,
        Arrays.stream(placements).map(text -> Placement.parse(text).orElseThrow()).toList());
  }

  /// Every pair of layouts of a shape over some meshes. Counts every element, which the plan itself
  /// does not do.
  @Test
  void everyRankReadsEachOfItsElementsOnceFromOneThatHasIt() {
    for (List<Long> shape :
        List.<List<Long>>of(List.of(), List.of(7L), List.of(5L, 3L), List.of(4L, 0L))) {
      List<Layout> layouts = layouts(shape);
      for (Layout source : layouts) {
        for (Layout target : layouts) {
          assertCovered(ReshardPlan.between(source, target));
        }
      }
    }
  }

  private static List<Layout> layouts(List<Long> shape) {
    List<Layout> layouts = new ArrayList<>();
    for (int[] mesh : new int[][] {{1}, {4}, {8}, {2, 3}, {3, 2}, {2, 2, 2}}) {
      for (List<Placement> placements : placements(shape.size(), mesh.length)) {
        layouts.add(new Layout(shape, DeviceMesh.of(mesh), placements));
      }
    }
    return layouts;
  }

  private static List<List<Placement>> placements(int dims, int axes) {
    if (axes == 0) {
      return List.of(List.of());
    }
    List<List<Placement>> all = new ArrayList<>();
    for (List<Placement> fewer : placements(dims, axes - 1)) {
      for (int dim = -1; dim < dims; dim++) {
        List<Placement> more = new ArrayList<>(fewer);
        more.add(dim < 0 ? Placement.replicate() : Placement.shard(dim));
        all.add(more);
      }
    }
    return all;
  }

  private static void assertCovered(ReshardPlan plan) {
    for (int rank = 0; rank < plan.target().numRanks(); rank++) {
      String what = "rank %d: %s to %s".formatted(rank, plan.source(), plan.target());
      List<Read> reads = plan.reads(rank, rank);
      assertReadOnce(what, plan.target().box(rank), reads);
      for (Read read : reads) {
        if (!isWithin(read.box(), plan.source().box(read.sourceRank()))) {
          fail(what);
        }
      }
    }
  }

  private static void assertReadOnce(String what, Box part, List<Read> reads) {
    Set<List<Long>> read = new HashSet<>();
    for (Read each : reads) {
      if (each.copy().numElements() != each.box().numElements()
          || !indices(each.box()).stream().allMatch(read::add)) {
        fail(what);
      }
    }
    if (!read.equals(new HashSet<>(indices(part)))) {
      fail(what);
    }
  }

  private static List<List<Long>> indices(Box box) {
    List<List<Long>> indices = List.of(List.of());
    for (int dim = 0; dim < box.numDims(); dim++) {
      List<List<Long>> longer = new ArrayList<>();
      for (List<Long> index : indices) {
        for (long i = box.start(dim); i < box.end(dim); i++) {
          List<Long> next = new ArrayList<>(index);
          next.add(i);
          longer.add(next);
        }
      }
      indices = longer;
    }
    return indices;
  }

  private static boolean isWithin(Box inner, Box outer) {
    return IntStream.range(0, inner.numDims())
        .allMatch(dim -> inner.start(dim) >= outer.start(dim) && inner.end(dim) <= outer.end(dim));
  }

  @Test
  void onlyOverlapsMove() {
    ReshardPlan plan =
        ReshardPlan.between(
            layout(List.of(8L, 8L), DeviceMesh.of(4), "S0"),
            layout(List.of(8L, 8L), DeviceMesh.of(2), "S0"));
    assertThat(plan.reads(1, 0)).extracting(Read::sourceRank).containsExactly(2, 3);
    assertThat(plan.reads(1, 0)).allMatch(read -> read.copy().numRuns() == 1);
    ReshardPlan rows =
        ReshardPlan.between(
            layout(List.of(8L, 8L), DeviceMesh.of(4), "S0"),
            layout(List.of(8L, 8L), DeviceMesh.of(2), "S1"));
    assertThat(rows.reads(0, 0)).extracting(Read::sourceRank).containsExactly(0, 1, 2, 3);
    assertThat(rows.reads(0, 0)).allMatch(read -> read.box().numElements() == 8);
  }

  /// 4 ranks have the same: 8 readers of the whole burden each twice; one reader that reads tensor
  /// after tensor burdens all.
  @Test
  void replicasAreReadInTurn() {
    Layout source = layout(List.of(16L), DeviceMesh.of(4), "R");
    ReshardPlan plan = ReshardPlan.between(source, layout(List.of(16L), DeviceMesh.of(8), "R"));
    assertThat(burden(plan, 0)).hasSize(4).allSatisfy((_, reads) -> assertThat(reads).isEqualTo(2));
    ReshardPlan toOne = ReshardPlan.between(source, Layout.whole(16));
    assertThat(IntStream.range(0, 4).map(turn -> toOne.reads(0, turn).getFirst().sourceRank()))
        .containsExactlyInAnyOrder(0, 1, 2, 3);
  }

  /// Readers 0, 1, 4 and 5 need the first half, which ranks 0, 2, 4 and 6 have.
  @Test
  void theReadersOfEachPartAreSpreadOverItsReplicas() {
    ReshardPlan plan =
        ReshardPlan.between(
            layout(List.of(16L), DeviceMesh.of(4, 2), "R", "S0"),
            layout(List.of(16L), DeviceMesh.of(2, 4), "R", "S0"));
    assertThat(burden(plan, 0)).hasSize(8).allSatisfy((_, reads) -> assertThat(reads).isEqualTo(1));
  }

  private static Map<Integer, Integer> burden(ReshardPlan plan, int turn) {
    Map<Integer, Integer> burden = new HashMap<>();
    for (int rank = 0; rank < plan.target().numRanks(); rank++) {
      plan.reads(rank, turn).forEach(read -> burden.merge(read.sourceRank(), 1, Integer::sum));
    }
    return burden;
  }

  @Test
  void replicasOfARankHaveItsPart() {
    Layout source = layout(List.of(6L, 4L), DeviceMesh.of(2, 3, 2), "R", "S0", "R");
    ReshardPlan plan = ReshardPlan.between(source, source);
    for (int rank = 0; rank < source.numRanks(); rank++) {
      assertThat(plan.replicasOf(rank)).hasSize(4).contains(rank);
      for (int replica : plan.replicasOf(rank)) {
        assertThat(source.box(replica)).isEqualTo(source.box(rank));
      }
    }
  }

  @Test
  void aSliceIsReadFromThePartsThatItMeets() {
    ReshardPlan plan =
        ReshardPlan.between(layout(List.of(8L, 6L), DeviceMesh.of(2), "S0"), Layout.whole(8, 6));
    Box crossing = new Box(List.of(2L, 1L), List.of(4L, 4L));
    assertThat(plan.readsOf(crossing, 0))
        .extracting(read -> read.sourceRank() + " " + read.box())
        .containsExactly("0 [2:4, 1:5]", "1 [4:6, 1:5]");
    assertThat(plan.readsOf(new Box(List.of(1L, 0L), List.of(2L, 3L)), 0)).hasSize(1);
    assertThat(plan.readsOf(new Box(List.of(8L, 0L), List.of(0L, 3L)), 0)).isEmpty();
    for (Box outside :
        List.of(
            new Box(List.of(5L, 0L), List.of(4L, 1L)),
            new Box(List.of(9L, 0L), List.of(0L, 1L)),
            new Box(List.of(0L), List.of(1L)),
            new Box(List.of(1L, 0L), List.of(Long.MAX_VALUE, 1L)))) {
      assertThatThrownBy(() -> plan.readsOf(outside, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("shape=[8, 6]");
    }
  }

  @Test
  void aTensorKeepsItsShape() {
    assertThatThrownBy(() -> ReshardPlan.between(Layout.whole(4), Layout.whole(2, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("source=[4]")
        .hasMessageContaining("target=[2, 2]");
  }

  @Test
  void aPairOfLayoutsIsPlannedOnce() {
    Planner planner = new Planner();
    Layout source = layout(List.of(8L), DeviceMesh.of(4), "S0");
    ReshardPlan plan = planner.plan(source, Layout.whole(8));
    assertThat(planner.plan(layout(List.of(8L), DeviceMesh.of(4), "S0"), Layout.whole(8)))
        .isSameAs(plan);
    assertThat(plan.reads(0, 0)).isSameAs(plan.reads(0, 5));
    assertThat(planner.plan(Layout.whole(8), source)).isNotSameAs(plan);
  }
}
