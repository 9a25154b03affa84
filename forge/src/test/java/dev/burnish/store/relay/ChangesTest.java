package dev.burnish.store.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.store.WeightsException;
import dev.burnish.store.relay.Changes.Since;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Changes of values, bit for bit.
class ChangesTest {
  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  private MemorySegment values(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MemorySegment values = arena.allocate(Math.max(1, 4L * count), 4);
    for (int i = 0; i < count; i++) {
      float value = (float) random.nextGaussian() * 0.02f;
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    return values.asSlice(0, 4L * count);
  }

  /// As after a step of an optimizer: all elements have changed a little.
  private MemorySegment stepped(MemorySegment before) {
    MemorySegment now = arena.allocate(Math.max(1, before.byteSize()), 4);
    for (long i = 0; i < before.byteSize() / 4; i++) {
      float value = before.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      now.setAtIndex(ValueLayout.JAVA_FLOAT, i, value + 1e-6f * (i % 3 - 1));
    }
    return now.asSlice(0, before.byteSize());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, 262_144, 262_145, 600_001})
  void valuesAreMadeOfThoseBeforeAndTheChanges(int count) {
    MemorySegment before = values(count, 1);
    MemorySegment now = stepped(before);
    MemorySegment out = arena.allocate(Math.max(64, before.byteSize()));
    long bytes = Changes.write(before, now, out).orElseThrow();
    MemorySegment made = arena.allocate(Math.max(1, before.byteSize()), 4);
    Changes.apply(before, out.asSlice(0, bytes), made.asSlice(0, before.byteSize()));
    assertThat(made.asSlice(0, before.byteSize()).mismatch(now)).isEqualTo(-1);
    assertThat(bytes).isLessThanOrEqualTo(Math.max(64, before.byteSize() * 6 / 10));
  }

  @Test
  void whatIsNotLessIsNotWritten() {
    MemorySegment before = values(300_000, 1);
    MemorySegment other = arena.allocate(before.byteSize(), 4);
    SplittableRandom random = new SplittableRandom(5);
    for (long i = 0; i < 300_000; i++) {
      other.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt());
    }
    MemorySegment out = arena.allocate(Changes.most(before.byteSize()));
    assertThat(Changes.write(before, other, out)).isEmpty();
  }

  @Test
  void whatIsNoChangesIsRefused() {
    MemorySegment before = values(1000, 1);
    MemorySegment now = arena.allocate(before.byteSize(), 4);
    MemorySegment noise = arena.allocate(200, 4);
    assertThatThrownBy(() -> Changes.apply(before, noise, now))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("bytes=0 of=200");
    noise.set(ValueLayout.JAVA_INT, 0, 100);
    assertThatThrownBy(() -> Changes.apply(before, noise, now))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("changes must be as they were written");
    noise.set(ValueLayout.JAVA_INT, 0, 197);
    assertThatThrownBy(() -> Changes.apply(before, noise, now))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("bytes=197 of=200");
  }

  @Test
  void changesAreASetOfTheirOwn() {
    assertThat(Since.parse("policy since 3")).contains(new Since("policy", 3));
    assertThat(new Since("policy", 3).name()).isEqualTo("policy since 3");
    assertThat(Since.parse("policy")).isEmpty();
    assertThat(Since.parse("policy since now")).isEmpty();
  }
}
