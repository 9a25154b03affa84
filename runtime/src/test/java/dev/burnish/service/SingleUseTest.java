package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Idempotent;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.OwnedMesh;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Arguments that are used up are given to one call.
class SingleUseTest {
  interface Again {
    @Idempotent
    long sum(int first, Iterator<Integer> values);
  }

  interface Told {
    @Idempotent
    void tell(Consumer<String> progress);
  }

  record Part(String name, Optional<Iterator<String>> lines) {}

  interface Inside {
    @Idempotent
    int count(List<Part> parts);
  }

  interface Once {
    long sum(Iterator<Integer> values);

    @Idempotent
    long total(List<Integer> values);
  }

  static final class OnceActor implements Once {
    OnceActor() {}

    @Override
    public long sum(Iterator<Integer> values) {
      long sum = 0;
      while (values.hasNext()) {
        sum += values.next();
      }
      return sum;
    }

    @Override
    public long total(List<Integer> values) {
      return sum(values.iterator());
    }
  }

  private static Iterator<Integer> thousand() {
    return IntStream.rangeClosed(1, 1000).iterator();
  }

  @Test
  void anEndpointThatMayRunTwiceTakesNothingThatIsUsedUp() {
    assertThatThrownBy(() -> SingleUse.check(Again.class, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "an endpoint that may run twice for one call must take nothing that is used up by a call: method=Again.sum parameter=java.util.Iterator<java.lang.Integer>; pass a list or an array, or leave @Idempotent out");
    assertThatThrownBy(() -> SingleUse.check(Told.class, 1))
        .hasMessageContaining("method=Told.tell parameter=java.util.function.Consumer");
    assertThatThrownBy(() -> SingleUse.check(Inside.class, 1))
        .hasMessageContaining("method=Inside.count");
    assertThatCode(() -> SingleUse.check(Once.class, 1)).doesNotThrowAnyException();
    assertThatThrownBy(() -> SingleUse.check(Once.class, 2))
        .hasMessageContaining("all processes of a replica")
        .hasMessageContaining("method=Once.sum")
        .hasMessageContaining("have one process per replica");
  }

  @Test
  void anIteratorGoesToOneCallOfOneActor() {
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS))) {
      assertThatThrownBy(() ->
              Service.start(job.hosts(), "two", Once.class, OnceActor::new, replicas(1).procs(2)))
          .isInstanceOf(IllegalArgumentException.class);
      OwnedService<Once> service =
          Service.start(job.hosts(), "once", Once.class, OnceActor::new, replicas(2));
      service.awaitHealthy(2, Duration.ofMinutes(1));
      assertThat(service.route().sum(thousand())).isEqualTo(500_500);
      Iterator<Integer> shared = thousand();
      assertThatThrownBy(() -> service.gather(once -> once.sum(shared)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Once.sum: an iterator is given to one call of one actor");
      assertThat(service.gather(once -> once.sum(thousand()))).containsExactly(500_500L, 500_500L);
      OwnedMesh<Once> mesh =
          job.hosts().spawnProcs(Map.of("gpus", 2)).spawn("mesh", Once.class, OnceActor::new);
      Iterator<Integer> another = thousand();
      assertThatThrownBy(() -> mesh.fanout(once -> once.sum(another)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("make one for each call, or pass a list");
      Iterator<Integer> taken = thousand();
      assertThat(mesh.actor(0).sum(taken)).isEqualTo(500_500);
      assertThatThrownBy(() -> mesh.actor(1).sum(taken))
          .as("nothing is left of it")
          .isInstanceOf(IllegalArgumentException.class);
      Iterator<Integer> untouched = thousand();
      mesh.close();
      assertThatThrownBy(() -> mesh.actor(0).sum(untouched)).isInstanceOf(RuntimeException.class);
      assertThat(service.route().sum(untouched)).isEqualTo(500_500);
    }
  }
}
