package dev.burnish.rl.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SumTreeTest {
  @Test
  void findsTheSlotInWhoseIntervalAPointLies() {
    SumTree tree = new SumTree(5);
    double[] weights = {1, 0, 2, 0.5, 4};
    for (int slot = 0; slot < weights.length; slot++) {
      tree.set(slot, weights[slot]);
    }
    assertThat(tree.total()).isEqualTo(7.5);
    assertThat(tree.find(0)).isZero();
    assertThat(tree.find(0.99)).isZero();
    assertThat(tree.find(1)).isEqualTo(2);
    assertThat(tree.find(2.99)).isEqualTo(2);
    assertThat(tree.find(3.49)).isEqualTo(3);
    assertThat(tree.find(3.5)).isEqualTo(4);
    assertThat(tree.find(7.49)).isEqualTo(4);
  }

  @Test
  void agreesWithAScanAfterManyChanges() {
    RandomGenerator random = new SplittableRandom(7);
    for (int slots = 1; slots < 40; slots++) {
      SumTree tree = new SumTree(slots);
      double[] weights = new double[slots];
      for (int i = 0; i < 200; i++) {
        int slot = random.nextInt(slots);
        weights[slot] = random.nextInt(4);
        tree.set(slot, weights[slot]);
        if (tree.total() > 0) {
          double point = random.nextInt((int) tree.total()) + 0.5;
          assertThat(tree.find(point)).as("slots=%d", slots).isEqualTo(scan(weights, point));
        }
      }
    }
  }

  private static int scan(double[] weights, double point) {
    double end = 0;
    for (int slot = 0; slot < weights.length; slot++) {
      end += weights[slot];
      if (point < end) {
        return slot;
      }
    }
    throw new AssertionError("beyond the end: point=" + point);
  }
}
