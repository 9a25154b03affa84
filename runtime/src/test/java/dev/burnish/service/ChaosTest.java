package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.service.ServiceMetrics.FailureKind;
import dev.burnish.service.ServiceOptions.Health;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Replicas are killed and stopped while many call them. `-Dburnish.chaos=20000` makes as many
/// calls as in the issue; `-Dburnish.seed` selects another order of faults.
class ChaosTest {
  private static final int NUM_REPLICAS = 4;
  private static final int NUM_CALLERS = 32;
  private static final Duration HARM = Duration.ofMillis(200);
  private static final Duration BOUND = Duration.ofSeconds(30);

  private final int numCalls = Integer.getInteger("burnish.chaos", 2000);
  private final long seed = Long.getLong("burnish.seed", 1);

  @TempDir private Path folder = Path.of("");

  private static ServiceOptions options() {
    return replicas(NUM_REPLICAS)
        .retries(20)
        .health(
            Health.defaults()
                .withProbe(Duration.ofMillis(100), Duration.ofSeconds(1))
                .withDraining(Duration.ofSeconds(1)))
        .restart(
            new RestartPolicy.Backoff(
                Duration.ofMillis(20), Duration.ofMillis(20), 100_000, Duration.ofHours(1)));
  }

  @Test
  void everyIdempotentCallAnswersRightUnderHarm() throws Exception {
    try (Job job = Job.start(JobOptions.named("chaos").with(line -> {}));
        OwnedService<Tally> service =
            Service.start(job.hosts(), "chaos", Tally.class, TallyActor::new, 0, options())) {
      service.awaitHealthy(NUM_REPLICAS, Duration.ofMinutes(1));
      AtomicInteger next = new AtomicInteger();
      ConcurrentLinkedQueue<Integer> answered = new ConcurrentLinkedQueue<>();
      ConcurrentLinkedQueue<Throwable> wrong = new ConcurrentLinkedQueue<>();
      int numHarms =
          underHarm(
              service,
              () -> {
                int n = next.getAndIncrement();
                if (n >= numCalls) {
                  return false;
                }
                try {
                  assertThat(service.route().square(n)).isEqualTo(n * n);
                  answered.add(n);
                } catch (Throwable e) {
                  wrong.add(e);
                }
                return true;
              });
      assertThat(wrong).as("seed=%d", seed).isEmpty();
      assertThat(answered).as("each call once").hasSize(numCalls).doesNotHaveDuplicates();
      service.awaitHealthy(NUM_REPLICAS, Duration.ofMinutes(1));
      ServiceMetrics metrics = service.metrics();
      assertThat(metrics.requests()).isEqualTo(numCalls);
      assertThat(metrics.latency().p99()).isLessThan(BOUND);
      assertThat(metrics.restarts()).isPositive();
      System.out.printf(
          "chaos: %d calls, %d harms, %d restarts, p50 %s, p99 %s%n",
          numCalls, numHarms, metrics.restarts(), metrics.latency().p50(), metrics.latency().p99());
    }
  }

  @Test
  void everyFailureOfOtherCallsIsReportedOnceAndNoneRunsTwice() throws Exception {
    Path notes = Files.createDirectory(folder.resolve("notes"));
    try (Job job = Job.start(JobOptions.named("chaos").with(line -> {}));
        OwnedService<Tally> service =
            Service.start(job.hosts(), "chaos", Tally.class, TallyActor::new, 0, options())) {
      service.awaitHealthy(NUM_REPLICAS, Duration.ofMinutes(1));
      AtomicInteger next = new AtomicInteger();
      ConcurrentLinkedQueue<Integer> answered = new ConcurrentLinkedQueue<>();
      ConcurrentLinkedQueue<Integer> failed = new ConcurrentLinkedQueue<>();
      ConcurrentLinkedQueue<Throwable> wrong = new ConcurrentLinkedQueue<>();
      underHarm(
          service,
          () -> {
            int n = next.getAndIncrement();
            if (n >= numCalls) {
              return false;
            }
            try {
              service.route().note(notes.toString(), n);
              answered.add(n);
            } catch (ReplicaLost e) {
              failed.add(n);
            } catch (Throwable e) {
              wrong.add(e);
            }
            return true;
          });
      assertThat(wrong).as("seed=%d", seed).isEmpty();
      assertThat(answered.size() + failed.size()).isEqualTo(numCalls);
      assertThat(service.metrics().failures())
          .containsEntry(FailureKind.LOST, (long) failed.size());
      service.awaitHealthy(NUM_REPLICAS, Duration.ofMinutes(1));
      Map<Integer, Integer> runs = runs(notes);
      assertThat(runs.values()).as("no call ran twice").containsOnly(1);
      assertThat(runs.keySet()).as("what was answered ran").containsAll(answered);
      System.out.printf(
          "chaos, not idempotent: %d calls, %d reported lost, %d ran%n",
          numCalls, failed.size(), runs.size());
    }
  }

  private static Map<Integer, Integer> runs(Path notes) throws IOException {
    Map<Integer, Integer> runs = new HashMap<>();
    try (var files = Files.list(notes)) {
      for (Path file : files.toList()) {
        for (String line : Files.readAllLines(file)) {
          runs.merge(Integer.parseInt(line), 1, Integer::sum);
        }
      }
    }
    return runs;
  }

  /// Work that returns whether there is more to do.
  private interface Work {
    boolean more();
  }

  /// Runs callers until all work is done, while replicas are killed and stopped; returns how many
  /// were.
  private int underHarm(OwnedService<Tally> service, Work work) throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    AtomicInteger numHarms = new AtomicInteger();
    Thread harm =
        Thread.ofPlatform()
            .name("harm")
            .start(() -> {
              Random random = new Random(seed);
              try {
                while (!done.await(HARM.toMillis(), TimeUnit.MILLISECONDS)) {
                  harm(service, random.nextInt(NUM_REPLICAS), random.nextInt(4) == 0);
                  numHarms.incrementAndGet();
                }
              } catch (InterruptedException | IOException e) {
                Thread.currentThread().interrupt();
              }
            });
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < NUM_CALLERS; i++) {
      callers.add(
          Thread.ofVirtual()
              .name("caller-" + i)
              .start(() -> {
                boolean more = true;
                while (more) {
                  more = work.more();
                }
              }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    done.countDown();
    harm.join();
    return numHarms.get();
  }

  private static void harm(OwnedService<Tally> service, int replica, boolean stop)
      throws IOException, InterruptedException {
    List<Long> pids;
    try {
      pids = service.pids(replica);
    } catch (RuntimeException e) {
      return; // it is down already
    }
    for (long pid : pids) {
      new ProcessBuilder("kill", stop ? "-STOP" : "-KILL", Long.toString(pid))
          .redirectErrorStream(true)
          .start()
          .waitFor();
    }
  }
}
