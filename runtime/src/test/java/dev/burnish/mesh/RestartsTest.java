package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Alarm;
import dev.burnish.link.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RestartsTest {
  private long now;

  private final Clock clock =
      new Clock() {
        @Override
        public long nanos() {
          return now;
        }

        @Override
        public Alarm at(long nanos, Runnable action) {
          throw new UnsupportedOperationException("nothing is planned here");
        }
      };

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void thereAreSoManyInAWindowAndMoreAfterIt() {
    Restarts restarts =
        new Restarts(
            new RestartPolicy.Backoff(
                Duration.ofSeconds(1), Duration.ofSeconds(3), 3, Duration.ofMinutes(10)),
            clock);
    assertThat(restarts.next()).contains(Duration.ofSeconds(1));
    pass(Duration.ofMinutes(4));
    assertThat(restarts.next()).contains(Duration.ofSeconds(2));
    pass(Duration.ofMinutes(4));
    assertThat(restarts.next()).contains(Duration.ofSeconds(3));
    assertThat(restarts.next()).isEmpty();
    pass(Duration.ofMinutes(2));
    assertThat(restarts.next()).isEmpty();
    pass(Duration.ofSeconds(1));
    assertThat(restarts.next()).contains(Duration.ofSeconds(3));
    assertThat(restarts.next()).isEmpty();
  }

  @Test
  void neverIsNever() {
    assertThat(new Restarts(RestartPolicy.never(), clock).next()).isEmpty();
  }
}
