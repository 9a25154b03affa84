package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CallMemoryTest {
  @Test
  void whatWaitsHasABoundAndRoomComesBack() {
    CallMemory callMemory = new CallMemory(3L * CallMemory.EACH);
    assertThat(callMemory.take(0)).isTrue();
    assertThat(callMemory.take(CallMemory.EACH)).isTrue();
    assertThat(callMemory.take(0)).isFalse();
    assertThat(callMemory).hasToString("bytes=3072 limit=3072");
    callMemory.release(0);
    assertThat(callMemory.take(0)).isTrue();
  }

  @Test
  void aloneACallMayBeOfAnySize() {
    CallMemory callMemory = new CallMemory(10);
    assertThat(callMemory.take(1 << 20)).isTrue();
    assertThat(callMemory.take(1)).isFalse();
    callMemory.release(1 << 20);
    assertThat(callMemory.take(1)).isTrue();
  }
}
