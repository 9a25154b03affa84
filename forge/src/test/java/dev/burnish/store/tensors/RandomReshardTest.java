package dev.burnish.store.tensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.sharding.Layout;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Random pairs of layouts through the store, each part beside the one that libtorch cuts.
class RandomReshardTest {
  private static final int PAIRS = 10_000;

  /// Pairs whose tensors are put under one key, so that layouts replace each other.
  private static final int PER_STORE = 10;

  @Test
  void everyPartIsThatOfTheGatheredTensor() {
    for (int first = 0; first < PAIRS; first += PER_STORE) {
      try (MemoryCatalogue catalogue = new MemoryCatalogue();
          TensorStore store = new TensorStore(catalogue)) {
        for (int seed = first; seed < first + PER_STORE; seed++) {
          check(store, seed);
        }
      }
    }
  }

  private static void check(TensorStore store, int seed) {
    RandomGenerator random = new SplittableRandom(seed);
    List<Long> shape = Parts.shape(random);
    Layout source = Parts.layout(random, shape);
    Layout target = Parts.layout(random, shape);
    try (TensorScope _ = TensorScope.open()) {
      Tensor whole = Parts.numbered(shape, seed);
      Parts.put(store, "tensor", source, whole);
      try (Snapshot snapshot = store.open(List.of("tensor"))) {
        for (int rank = 0; rank < target.numRanks(); rank++) {
          try (Tensor part = snapshot.get("tensor", target, rank)) {
            assertThat(Parts.elements(part))
                .as("seed %d rank %d: %s to %s", seed, rank, source, target)
                .isEqualTo(Parts.elements(Parts.cut(whole, target.box(rank))));
          }
        }
      }
    }
  }
}
