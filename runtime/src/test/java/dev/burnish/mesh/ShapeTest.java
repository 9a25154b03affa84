package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Source of the cases: Monarch's test_actor_shape, as upstream has them.
class ShapeTest {
  private static Shape shape(Object... axes) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    for (int i = 0; i < axes.length; i += 2) {
      sizes.put((String) axes[i], (Integer) axes[i + 1]);
    }
    return Shape.of(sizes);
  }

  private static void assertShape(
      Shape shape, int offset, List<Integer> sizes, List<Integer> strides) {
    assertThat(shape.offset()).isEqualTo(offset);
    assertThat(shape.sizes()).isEqualTo(sizes);
    assertThat(shape.strides()).isEqualTo(strides);
  }

  @Test
  void aPlaceOfAnAxisTakesTheAxisAway() {
    Shape shape = shape("batch", 2, "height", 3, "width", 4);
    assertShape(shape, 0, List.of(2, 3, 4), List.of(12, 4, 1));
    assertShape(shape.at("batch", 1), 12, List.of(3, 4), List.of(4, 1));
    assertShape(shape.at("height", 2), 8, List.of(2, 4), List.of(12, 1));
    assertShape(shape.at("width", 3), 3, List.of(2, 3), List.of(12, 4));
  }

  @Test
  void slicesKeepTheirAxis() {
    Shape shape = shape("rows", 4, "cols", 6);
    assertShape(shape.slice("rows", 1, 3), 6, List.of(2, 6), List.of(6, 1));
    assertShape(shape.slice("cols", 0, 6, 2), 0, List.of(4, 3), List.of(6, 2));
  }

  @Test
  void placesAndSlicesCombine() {
    Shape shape = shape("a", 4, "b", 5, "c", 6);
    assertThat(shape.at("a", 1).at("c", 2).sizes()).containsExactly(5);
    assertThat(shape.slice("b", 1, 4).slice("c", 0, 6, 2).sizes()).containsExactly(4, 3, 3);
    assertThat(shape.at("a", 2).slice("b", 1, 3).sizes()).containsExactly(2, 6);
    assertThat(shape.at("a", 1).at("c", 2).positions()).containsExactly(32, 38, 44, 50, 56);
  }

  @Test
  void axesAreSplitRenamedAndFlattened() {
    Shape shape = shape("hosts", 2, "gpus", 8);
    Shape split = shape.split("gpus", "pp", "tp", 4);
    assertThat(split.axes()).containsExactly("hosts", "pp", "tp");
    assertShape(split, 0, List.of(2, 2, 4), List.of(8, 4, 1));
    assertThat(split.at("pp", 1).positions()).containsExactly(4, 5, 6, 7, 12, 13, 14, 15);
    assertShape(shape.flatten("ranks"), 0, List.of(16), List.of(1));
    assertThat(shape.rename("gpus", "workers").axes()).containsExactly("hosts", "workers");
    assertThat(split.flatten("ranks").positions()).isEqualTo(shape.positions());
  }

  @Test
  void onlyDenseShapesAreFlattened() {
    assertThatThrownBy(() -> shape("a", 2, "b", 4).slice("b", 0, 2).flatten("c"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dense");
  }

  @Test
  void axesAndPlacesThatAreNotThereAreRefused() {
    Shape shape = shape("a", 2, "b", 4);
    assertThatThrownBy(() -> shape.at("c", 0)).hasMessageContaining("axis=c axes=[a, b]");
    assertThatThrownBy(() -> shape.at("a", 2)).hasMessageContaining("index=2 size=2");
    assertThatThrownBy(() -> shape.at("a", -1)).hasMessageContaining("index=-1");
    assertThatThrownBy(() -> shape.slice("b", 3, 2)).hasMessageContaining("from=3 to=2");
    assertThatThrownBy(() -> shape.slice("b", 0, 5)).hasMessageContaining("size=4");
    assertThatThrownBy(() -> shape.split("b", "x", "y", 3)).hasMessageContaining("innerSize=3");
    assertThatThrownBy(() -> shape.rename("a", "b")).hasMessageContaining("name of its own");
    assertThatThrownBy(() -> shape("a", 0)).isInstanceOf(IllegalArgumentException.class);
  }

  /// Source: Monarch's test_rank_string.
  @Test
  void pointsSayWhereTheyAre() {
    Shape shape = shape("hosts", 1, "gpus", 2);
    assertThat(shape.point(0)).hasToString("{hosts: 0/1, gpus: 0/2}");
    assertThat(shape.point(1)).hasToString("{hosts: 0/1, gpus: 1/2}");
    assertThat(shape.point(1).at("gpus")).isEqualTo(1);
    assertThatThrownBy(() -> shape.point(2)).hasMessageContaining("index=2");
    assertThatThrownBy(() -> shape.point(0).at("x")).hasMessageContaining("axes=[hosts, gpus]");
  }
}
