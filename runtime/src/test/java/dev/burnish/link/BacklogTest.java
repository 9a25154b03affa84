package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BacklogTest {
  @Test
  void whatWaitsHasABoundAndRoomComesBack() {
    Backlog backlog = new Backlog(3L * Backlog.EACH);
    assertThat(backlog.take(0)).isTrue();
    assertThat(backlog.take(Backlog.EACH)).isTrue();
    assertThat(backlog.take(0)).isFalse();
    assertThat(backlog).hasToString("bytes=3072 limit=3072");
    backlog.release(0);
    assertThat(backlog.take(0)).isTrue();
  }

  @Test
  void aloneACallMayBeOfAnySize() {
    Backlog backlog = new Backlog(10);
    assertThat(backlog.take(1 << 20)).isTrue();
    assertThat(backlog.take(1)).isFalse();
    backlog.release(1 << 20);
    assertThat(backlog.take(1)).isTrue();
  }
}
