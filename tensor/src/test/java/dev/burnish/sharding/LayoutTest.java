package dev.burnish.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The part of each rank. Expected values are those of torch's `distribute_tensor` (2.15).
class LayoutTest {
  private static Layout layout(List<Long> shape, DeviceMesh mesh, String... placements) {
    return new Layout(
        shape,
        mesh,
        Arrays.stream(placements).map(text -> Placement.parse(text).orElseThrow()).toList());
  }

  private static List<String> boxes(Layout layout) {
    return IntStream.range(0, layout.numRanks())
        .mapToObj(rank -> layout.box(rank).toString())
        .toList();
  }

  @Test
  void aDimIsDividedAsTorchChunkDividesIt() {
    assertThat(boxes(layout(List.of(5L), DeviceMesh.of(4), "S0")))
        .containsExactly("[0:2]", "[2:4]", "[4:5]", "[5:5]");
    assertThat(boxes(layout(List.of(3L, 2L), DeviceMesh.of(4), "S0")))
        .containsExactly("[0:1, 0:2]", "[1:2, 0:2]", "[2:3, 0:2]", "[3:3, 0:2]");
    assertThat(boxes(layout(List.of(4L, 6L), DeviceMesh.of(2), "S1")))
        .containsExactly("[0:4, 0:3]", "[0:4, 3:6]");
    assertThat(boxes(layout(List.of(0L, 3L), DeviceMesh.of(2), "S0")))
        .containsExactly("[0:0, 0:3]", "[0:0, 0:3]");
  }

  /// The first axis leaves 4 and 3 of 7, the second divides these.
  @Test
  void axesThatShardTheSameDimDivideItFromLeftToRight() {
    assertThat(boxes(layout(List.of(7L), DeviceMesh.of(2, 3), "S0", "S0")))
        .containsExactly("[0:2]", "[2:4]", "[4:4]", "[4:5]", "[5:6]", "[6:7]");
  }

  @Test
  void ranksAreNumberedWithTheLastAxisFastest() {
    assertThat(boxes(layout(List.of(4L, 6L), DeviceMesh.of(2, 2), "S1", "S0")))
        .containsExactly("[0:2, 0:3]", "[2:4, 0:3]", "[0:2, 3:6]", "[2:4, 3:6]");
    assertThat(boxes(layout(List.of(4L), DeviceMesh.of(2, 2), "R", "S0")))
        .containsExactly("[0:2]", "[2:4]", "[0:2]", "[2:4]");
  }

  @Test
  void dimsMayBeCountedFromTheEnd() {
    Layout layout = layout(List.of(4L, 6L), DeviceMesh.of(2), "S-1");
    assertThat(layout.placements()).containsExactly(Placement.shard(1));
  }

  @Test
  void aDimOfAnySizeIsDivided() {
    long size = Long.MAX_VALUE;
    List<Box> boxes =
        IntStream.range(0, 3).mapToObj(layout(List.of(size), DeviceMesh.of(3), "S0")::box).toList();
    assertThat(boxes.stream().mapToLong(box -> box.size(0)).sum()).isEqualTo(size);
    assertThat(boxes.getLast().end(0)).isEqualTo(size);
  }

  @Test
  void aScalarIsWhollyEverywhere() {
    Layout scalar = layout(List.of(), DeviceMesh.of(2), "R");
    assertThat(scalar.box(1).numElements()).isEqualTo(1);
    assertThatThrownBy(() -> layout(List.of(), DeviceMesh.of(2), "S0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("placement=S0 shape=[]");
  }

  @Test
  void layoutsThatDoNotExistAreRefused() {
    assertRefused("placement=S2", () -> layout(List.of(2L, 2L), DeviceMesh.of(2), "S2"));
    assertRefused("placement=S-3", () -> layout(List.of(2L, 2L), DeviceMesh.of(2), "S-3"));
    assertRefused("placements=[R]", () -> layout(List.of(2L), DeviceMesh.of(2, 2), "R"));
    assertRefused("shape=[-1]", () -> layout(List.of(-1L), DeviceMesh.of(2), "R"));
    assertRefused(
        "at most 2^63 - 1 elements",
        () -> layout(List.of(1L << 32, 1L << 31), DeviceMesh.of(2), "R"));
    assertRefused("only terms of a sum", () -> layout(List.of(2L), DeviceMesh.of(2), "P"));
    assertRefused("size=0", () -> DeviceMesh.of(2, 0));
    assertRefused("1 to 4 axes", DeviceMesh::of);
    assertRefused("1 to 4 axes", () -> DeviceMesh.of(1, 1, 1, 1, 1));
    assertRefused("at most 2^31 - 1 ranks", () -> DeviceMesh.of(1 << 16, 1 << 16, 1 << 16));
    assertRefused(
        "different names",
        () -> new DeviceMesh(List.of(new DeviceMesh.Axis("dp", 2), new DeviceMesh.Axis("dp", 2))));
    assertRefused("rank=2", () -> layout(List.of(2L), DeviceMesh.of(2), "R").box(2));
  }

  private static void assertRefused(String why, Runnable making) {
    assertThatThrownBy(making::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void onlyThreeLettersArePlacements() {
    for (String text : List.of("", "S", "s0", "S0 ", "S1234", "Replicate", "Q")) {
      assertThat(Placement.parse(text)).as(text).isEmpty();
    }
  }
}
