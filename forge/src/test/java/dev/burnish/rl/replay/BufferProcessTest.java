package dev.burnish.rl.replay;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.rl.loop.Groups;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A buffer in a process of its own.
@Timeout(120)
class BufferProcessTest {
  private static final BufferConfig CONFIG = BufferConfig.fifo(2, 1);
  private final Map<Long, ScoredGroup> journal = new HashMap<>();

  private static OwnedService<ReplayBuffer> start(Job job) {
    OwnedService<ReplayBuffer> service =
        Service.start(
            job.hosts(), "buffer", ReplayBuffer.class, MemoryBuffer::new, CONFIG, replicas(1));
    service.awaitHealthy(1, Duration.ofMinutes(1));
    return service;
  }

  private Held<ScoredGroup> group(long position, long version) {
    ScoredGroup group = Groups.of(position, position, version);
    journal.put(position, group);
    return new Held<>(position, version, group);
  }

  @Test
  void aBufferWhoseProcessIsKilledGivesTheSameBatches() throws Exception {
    try (Job job = Job.start(JobOptions.named("test").with(line -> {}));
        OwnedService<ReplayBuffer> service = start(job)) {
      BufferClient buffer = new BufferClient(service.route(), CONFIG, journal::get);
      buffer.add(group(0, 0));
      kill(service);
      buffer.add(group(1, 0));
      buffer.skip(2);
      assertThat(buffer.take(0).positions()).containsExactly(0L, 1L);
      kill(service);
      buffer.add(group(3, 0));
      assertThat(buffer.take(0).groups().stream().map(Groups::text))
          .containsExactly(Groups.text(Groups.of(0, 0, 0)), Groups.text(Groups.of(1, 1, 0)));
      buffer.release(0);
      assertThat(buffer.take(1).positions()).containsExactly(3L);
      assertThat(service.metrics().restarts()).isEqualTo(2);
    }
  }

  private static void kill(OwnedService<ReplayBuffer> service) throws Exception {
    service.awaitHealthy(1, Duration.ofMinutes(1));
    ProcessHandle process = ProcessHandle.of(service.pids(0).getFirst()).orElseThrow();
    process.destroyForcibly();
    assertThat(process.onExit().get()).isNotNull();
  }

  @Test
  void callsWaitInTheProcessTooUntilTheirContentIsReplaced() throws Exception {
    JobOptions threads = JobOptions.named("test").with(Processes.THREADS);
    try (Job job = Job.start(threads);
        OwnedService<ReplayBuffer> service = start(job)) {
      ReplayBuffer buffer = service.route();
      buffer.restore(1, Snapshot.from(0));
      BlockingQueue<Object> results = new LinkedBlockingQueue<>();
      Thread taking = Thread.ofVirtual().start(() -> results.add(buffer.take(1, 0).positions()));
      buffer.add(1, group(0, 0));
      buffer.add(1, group(1, 0));
      taking.join();
      assertThat(results.take()).isEqualTo(java.util.List.of(0L, 1L));
      Thread waiting =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  results.add(buffer.take(1, 1));
                } catch (UnknownIncarnationException e) {
                  results.add(e);
                }
              });
      buffer.restore(2, Snapshot.from(4));
      waiting.join();
      assertThat(results.take()).isInstanceOf(UnknownIncarnationException.class);
      assertThatThrownBy(() -> buffer.skip(1, 9))
          .isInstanceOf(UnknownIncarnationException.class)
          .hasMessageContaining("incarnation=2 expected=1");
    }
  }
}
