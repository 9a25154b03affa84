package dev.burnish.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Concurrent;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Calls of a service that lead back to a service whose permits they hold.
@Timeout(60)
class ServiceCirclesTest {
  private final Job job = Job.start(JobOptions.named("circles").with(Processes.THREADS));

  interface Steps {
    int echo(int n);

    void each(int n, Consumer<Integer> callback);

    @Concurrent
    void eachBeside(int n, Consumer<Integer> callback);

    int sum(Iterator<Integer> numbers);
  }

  static final class StepsActor implements Steps {
    @Override
    public int echo(int n) {
      return n;
    }

    @Override
    public void each(int n, Consumer<Integer> callback) {
      IntStream.range(0, n).forEach(callback::accept);
    }

    @Override
    public void eachBeside(int n, Consumer<Integer> callback) {
      each(n, callback);
    }

    @Override
    public int sum(Iterator<Integer> numbers) {
      int sum = 0;
      while (numbers.hasNext()) {
        sum += numbers.next();
      }
      return sum;
    }
  }

  @AfterEach
  void close() {
    job.close();
  }

  private Steps steps(String name, int replicas) {
    return Service.start(
            job.hosts(),
            name,
            Steps.class,
            StepsActor::new,
            ServiceOptions.replicas(replicas).concurrency(1))
        .route();
  }

  private static void assertCircle(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("would wait for itself: circle=");
  }

  @Test
  void aCallBackToAServiceThatWaitsForItIsRefused() {
    Steps alone = steps("alone", 1);
    assertCircle(() -> alone.each(2, alone::echo));
    assertCircle(() -> alone.eachBeside(2, alone::echo));
    assertCircle(() -> alone.sum(IntStream.range(0, 3).map(alone::echo).iterator()));
    Steps other = steps("other", 1);
    assertCircle(() -> alone.each(1, i -> other.each(1, alone::echo)));
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    alone.each(2, i -> seen.add(other.echo(i)));
    assertThat(seen).containsExactly(0, 1);
    assertThat(alone.echo(5)).isEqualTo(5);
  }

  @Test
  void aCallThatAnotherReplicaTakesGoesThrough() {
    Steps two = steps("two", 2);
    assertThat(two.sum(IntStream.range(0, 3).map(two::echo).iterator())).isEqualTo(3);
    assertCircle(() -> two.each(1, i -> two.each(1, two::echo)));
  }
}
