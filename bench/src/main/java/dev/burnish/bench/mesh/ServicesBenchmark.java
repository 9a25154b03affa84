package dev.burnish.bench.mesh;

import static dev.burnish.service.ServiceOptions.replicas;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.service.OwnedService;
import dev.burnish.service.ReplicaState;
import dev.burnish.service.ReplicaStatus;
import dev.burnish.service.Service;
import dev.burnish.service.Session;
import dev.burnish.service.routing.Balancing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// `services`: what routing costs, what replicas bring, how long a loss lasts, and many sessions.
public final class ServicesBenchmark implements Benchmark {
  private static final Duration SOON = Duration.ofMinutes(1);

  @Override
  public String name() {
    return "services";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    boolean full = options.scale() == Scale.FULL;
    try (Job job = Job.start(JobOptions.named("bench").with(line -> {}))) {
      overhead(job, full ? 20 : 1, full ? 500 : 20, out);
      double sleeping = 0;
      double computing = 0;
      for (int size : full ? new int[] {1, 2, 4} : new int[] {1, 2}) {
        try (OwnedService<Toil> service = start(job, "toil" + size, size)) {
          List<Double> sleeps = Samples.rates(3, 16, full ? 25 : 2, service.route()::sleep);
          List<Double> computes = Samples.rates(3, 16, full ? 20 : 2, service.route()::compute);
          sleeping = size == 1 ? Measurement.median(sleeps) : sleeping;
          computing = size == 1 ? Measurement.median(computes) : computing;
          rate("sleeps 5 ms", size, sleeping, sleeps, out);
          rate("computes", size, computing, computes, out);
        }
      }
      loss(job, full ? 5 : 1, out);
      sessions(job, full ? 10_000 : 100, out);
    }
  }

  private static OwnedService<Toil> start(Job job, String name, int size) {
    OwnedService<Toil> service =
        Service.start(
            job.hosts(),
            name,
            Toil.class,
            Toil.Actor::new,
            replicas(size).concurrency(1).balancing(Balancing.ROUND_ROBIN));
    service.awaitHealthy(size, SOON);
    return service;
  }

  private static void rate(
      String what, int size, double one, List<Double> rates, Consumer<Measurement> out) {
    out.accept(
        Measurement.of(
            "services/an endpoint that %s, %d replicas".formatted(what, size),
            "calls/s",
            one * size,
            "as many times what one replica does",
            rates));
  }

  /// Blocks of calls by turns, so that both see the same machine.
  private static void overhead(Job job, int blocks, int count, Consumer<Measurement> out) {
    Toil direct =
        job.hosts()
            .spawnProcs(Map.of("gpus", 1))
            .spawn("direct", Toil.class, Toil.Actor::new)
            .only();
    try (OwnedService<Toil> service = start(job, "routed", 1)) {
      Toil routed = service.route();
      List<Double> floors = new ArrayList<>();
      List<Double> values = new ArrayList<>();
      Samples.of(2 * blocks * count, count, direct::nothing);
      Samples.of(2 * blocks * count, count, routed::nothing);
      for (int i = 0; i < blocks; i++) {
        floors.add(Samples.of(0, count, direct::nothing).quantile(0.5));
        values.add(Samples.of(0, count, routed::nothing).quantile(0.5));
      }
      out.accept(
          Measurement.of(
              "services/a routed call, p50",
              "us",
              Measurement.median(floors),
              "a call of a mesh, by turns",
              values));
    }
  }

  private static void loss(Job job, int runs, Consumer<Measurement> out) {
    List<Double> healthy = new ArrayList<>();
    List<Double> replacement = new ArrayList<>();
    for (int run = 0; run < runs; run++) {
      try (OwnedService<Toil> service = start(job, "lost" + run, 2)) {
        long pid = service.pids(0).getFirst();
        long start = System.nanoTime();
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        // By turns: one of the two would have gone to the lost replica.
        service.route().nothing();
        service.route().nothing();
        healthy.add((System.nanoTime() - start) / 1e6);
        while (!isBack(service.replicas().getFirst())) {
          Thread.onSpinWait();
        }
        service.fanout(Toil::nothing);
        replacement.add((System.nanoTime() - start) / 1e6);
      }
    }
    out.accept(Measurement.of("services/kill -9 to calls served", "ms", 50, "the aim", healthy));
    out.accept(
        Measurement.of(
            "services/kill -9 to a call served by the replacement",
            "ms",
            2000,
            "the aim",
            replacement));
  }

  private static boolean isBack(ReplicaStatus replica) {
    return replica.numRestarts() > 0 && replica.state() == ReplicaState.HEALTHY;
  }

  private static void sessions(Job job, int count, Consumer<Measurement> out) {
    try (OwnedService<Toil> service = start(job, "sessions", 2)) {
      List<Session<Toil>> open = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Session<Toil> session = service.session();
        session.actor().nothing();
        open.add(session);
      }
      Samples free = Samples.of(100, count, service.route()::nothing);
      List<Double> micros = new ArrayList<>();
      for (Session<Toil> session : open) {
        micros.add(Samples.of(0, 1, session.actor()::nothing).quantile(0.5));
      }
      out.accept(
          Measurement.of(
              "services/a call of one of %d open sessions".formatted(count),
              "us",
              free.quantile(0.5),
              "a routed call, p50",
              List.of(Measurement.median(micros))));
      open.forEach(Session::close);
    }
  }
}
