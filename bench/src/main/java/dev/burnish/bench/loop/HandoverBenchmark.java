package dev.burnish.bench.loop;

import static dev.burnish.service.ServiceOptions.replicas;

import dev.burnish.bench.Subject;
import dev.burnish.kernel.Team;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Weights;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.store.MemoryWeightStore;
import dev.burnish.store.Published;
import dev.burnish.store.WeightKeeper;
import dev.burnish.store.WeightPublisher;
import dev.burnish.store.WeightStore;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// `handover`: all weights of a model, from one process through a store to another, beside a memcpy
/// of the same bytes.
final class HandoverBenchmark implements Benchmark {
  /// The forms in which the same weights are published, as sets of their own.
  private static final List<String> FORMS = List.of("packed", "plain");

  private static final String MEMCPY = "memcpy by one thread";
  private static final int WARMUPS = 3;

  /// Of the heap of the taker: packed weights are in it.
  private static final int MEGABYTES = 2048;

  @Override
  public String name() {
    return "handover";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int runs = options.scale() == Scale.FULL ? 15 : 1;
    try (Job job = Job.start(JobOptions.named("bench"));
        LanguageModel model = LanguageModel.random(Subject.config(options), 1)) {
      OwnedService<WeightStore> store =
          Service.start(
              job.hosts(), "weights", WeightStore.class, MemoryWeightStore::new, replicas(1));
      Service<WeightStore> passedOn = store;
      Taker taker =
          job.hosts()
              .spawnProcs(
                  "taker",
                  Map.of("procs", 1),
                  _ -> Resources.compute(Team.shared().size(), MEGABYTES))
              .spawn("taker", Taker.class, Taker.Actor::new, passedOn, model.spec())
              .only();
      try (WeightKeeper keeper = new WeightKeeper(store);
          Handover handover = new Handover(model, keeper, taker)) {
        for (int i = 0; i < WARMUPS + runs; i++) {
          handover.once(i + 1L);
        }
        handover.report(out);
      }
    }
  }

  /// Hand-overs of one version after the other, and their times.
  private static final class Handover implements AutoCloseable {
    private final Weights weights;
    private final WeightKeeper keeper;
    private final Taker taker;
    private final Map<String, WeightPublisher> publishers;
    private final Weights copies;
    private final Map<String, List<Double>> seconds = new LinkedHashMap<>();

    Handover(LanguageModel model, WeightKeeper keeper, Taker taker) {
      this.weights = model.decoder().weights();
      publishers =
          Map.of(
              "packed",
              WeightPublisher.packed("packed", model.spec().packedParts()),
              "plain",
              new WeightPublisher("plain"));
      this.keeper = keeper;
      this.taker = taker;
      this.copies = Weights.zeros(weights.layouts(), Device.CPU);
    }

    void once(long version) {
      add("memcpy", Taker.Actor.memcpy(weights, copies));
      long start = System.nanoTime();
      Team.shared().run(weights.numParts(), this::copy);
      add("memcpy by all threads", Taker.Actor.seconds(start));
      change(version);
      publishers.forEach((form, publisher) -> once(form, publisher, version));
    }

    private void once(String form, WeightPublisher publisher, long version) {
      long start = System.nanoTime();
      Published published = publisher.publish(weights);
      add(form + ", publish", Taker.Actor.seconds(start));
      start = System.nanoTime();
      keeper.publish(published);
      add(form + ", make visible", Taker.Actor.seconds(start));
      Taker.Times times = taker.take(form, version);
      keeper.retain(form, version);
      add("memcpy in the taker", times.memcpy());
      add(form + ", map and check", times.open());
      add(form + ", lay out", times.layOut());
      add(form + ", longest gap", times.largest());
    }

    private void copy(int part) {
      MemorySegment bytes = weights.part(part).segment();
      MemorySegment.copy(bytes, 0, copies.part(part).segment(), 0, bytes.byteSize());
    }

    private void change(long version) {
      for (int part = 0; part < weights.numParts(); part++) {
        try (Tensor first = weights.part(part).narrow(0, 0, 1)) {
          first.fill_(version);
        }
      }
      weights.publish(version);
    }

    private void add(String name, double value) {
      seconds.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
    }

    void report(Consumer<Measurement> out) {
      figure("memcpy by all threads", warm("memcpy by all threads"), "memcpy", out);
      for (String form : FORMS) {
        figure(form + ", publish in new memory", first(form + ", publish"), "memcpy", out);
        for (String name : List.of("publish", "make visible")) {
          figure(form + ", " + name, warm(form + ", " + name), "memcpy", out);
        }
        for (String name : List.of("map and check", "lay out", "longest gap")) {
          figure(form + ", " + name, warm(form + ", " + name), "memcpy in the taker", out);
        }
      }
    }

    private void figure(
        String name, List<Double> values, String baseline, Consumer<Measurement> out) {
      out.accept(
          Measurement.of(
              "handover/%d MB/%s".formatted(4 * weights.numElements() / 1_000_000, name),
              "s",
              Measurement.median(warm(baseline)),
              MEMCPY,
              values));
    }

    private List<Double> first(String name) {
      return all(name).subList(0, 1);
    }

    private List<Double> warm(String name) {
      List<Double> all = all(name);
      return all.subList(WARMUPS, all.size());
    }

    private List<Double> all(String name) {
      return seconds.getOrDefault(name, List.of());
    }

    @Override
    public void close() {
      publishers.values().forEach(WeightPublisher::close);
      copies.close();
    }
  }
}
