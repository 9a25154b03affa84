package dev.burnish.bench.soak;

import static dev.burnish.service.ServiceOptions.replicas;

import dev.burnish.actor.Factory;
import dev.burnish.launch.Resources;
import dev.burnish.link.Region;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.ActorOptions;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.OwnedMesh;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.Session;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/// What is done in every round of the long run: each leaves nothing behind, or should.
final class Chores implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int SIZE = 1 << 20;

  private static final RestartPolicy AGAIN =
      new RestartPolicy.Backoff(
          Duration.ofMillis(20), Duration.ofMillis(100), 1_000_000, Duration.ofMinutes(1));

  private final Job job;
  private final ProcMesh procs;
  private final ActorMesh<Chore> kept;
  private final OwnedMesh<Chore> restarting;
  private final OwnedService<Chore> service;
  private final LongAdder numFailed = new LongAdder();
  private int round;

  /// A job whose worker stays, with a service beside it.
  Chores(Job job) {
    this.job = job;
    procs = job.hosts().spawnProcs("kept", Map.of("procs", 1), _ -> Resources.light());
    kept = procs.spawn("kept", Chore.class, Chore.Actor::new).within(SOON);
    restarting =
        procs.spawn(
            "restarting",
            Chore.class,
            (Factory.Of0<Chore>) Chore.Actor::new,
            List.of(),
            ActorOptions.defaults().withRestart(AGAIN));
    service =
        Service.start(
            job.hosts(),
            "served",
            Chore.class,
            Chore.Actor::new,
            replicas(2).restart(AGAIN).within(SOON));
    service.awaitHealthy(2, Duration.ofMinutes(1));
  }

  /// What the worker that stays holds.
  Vitals vitals() {
    return kept.only().vitals();
  }

  /// Calls that failed: some must, since what they called was killed.
  long numFailed() {
    return numFailed.sum();
  }

  /// Everything once.
  void round() {
    round++;
    tried(this::spawned);
    tried(this::restarted);
    tried(this::streams);
    tried(this::regions);
    tried(() -> kept.only().print(200));
    tried(this::served);
    if (round % 5 == 0) {
      tried(this::process);
      tried(this::killed);
      tried(() -> service.scaleTo(round % 2 == 0 ? 2 : 3));
    }
  }

  private void tried(Runnable chore) {
    try {
      chore.run();
    } catch (CallFailure e) {
      numFailed.increment();
    }
  }

  private void spawned() {
    try (OwnedMesh<Chore> mesh = procs.spawn("spawned", Chore.class, Chore.Actor::new)) {
      mesh.within(SOON).only().state();
    }
  }

  private void restarted() {
    restarting.broadcast(Chore::fail);
    restarting.within(SOON).only().state();
  }

  private void streams() {
    kept.only().first(Stream.generate(() -> new byte[10_000]).iterator());
    Iterator<byte[]> left = kept.only().many();
    left.next();
    if (left instanceof AutoCloseable closeable) {
      close(closeable);
    }
    kept.only().tell(text -> {});
  }

  private static void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new IllegalStateException("a stream does not end", e);
    }
  }

  private void regions() {
    try (Region region = Region.allocate(SIZE)) {
      kept.only().read(region);
      kept.broadcast(actor -> actor.read(region));
    }
    kept.only().late(0).close();
    try {
      kept.within(Duration.ofMillis(20)).only().late(60).close();
    } catch (CallFailure e) {
      // Too late, as it should be.
    }
  }

  private void served() {
    for (int i = 0; i < 20; i++) {
      service.route().state();
    }
    service.update("state", actor -> actor.set(round));
    try (Session<Chore> session = service.session()) {
      session.actor().state();
    }
  }

  /// A process from its start to its end.
  private void process() {
    try (ProcMesh once =
        job.hosts().spawnProcs("once", Map.of("procs", 1), _ -> Resources.light())) {
      once.spawn("once", Chore.class, Chore.Actor::new).within(SOON).only().state();
    }
  }

  /// A replica is killed while it is called; what is called again finds another.
  private void killed() {
    for (long pid : service.pids(0)) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    for (int i = 0; i < 20; i++) {
      service.route().state();
    }
    service.awaitHealthy(2, SOON);
  }

  @Override
  public void close() {
    service.close();
    procs.close();
  }
}
