package dev.burnish.bench.store;

import dev.burnish.launch.Resources;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.store.tensors.Catalogue;
import dev.burnish.store.tensors.MemoryCatalogue;
import dev.burnish.store.tensors.Snapshot;
import dev.burnish.store.tensors.TensorStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// `store/put`, `store/get`: an F32 state dict that goes through the store, beside a memcpy of the
/// same bytes by one thread in the same process and run.
final class StateDictBenchmark implements Benchmark {
  private static final String MEMCPY = "memcpy by one thread";
  private static final String SET = "policy";
  private static final int WARMUPS = 3;

  /// Of the heap of a reader.
  private static final int MEGABYTES = 512;

  @Override
  public String name() {
    return "store/get";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int runs = options.scale() == Scale.FULL ? 9 : 1;
    inOneProcess(options.scale(), runs, out);
    try (Job job = Job.start(JobOptions.named("bench"))) {
      ActorMesh<Catalogue> catalogue =
          job.hosts()
              .spawnProcs("catalogue", Map.of("procs", 1), _ -> Resources.light())
              .spawn("catalogue", Catalogue.class, MemoryCatalogue::new);
      for (int numReaders : new int[] {1, 2, 4}) {
        new Handover(job, catalogue, options.scale(), 1).measure(numReaders, 1, runs, out);
      }
      new Handover(job, catalogue, options.scale(), 2).measure(3, 3, runs, out);
    }
  }

  /// From ranks in this process to readers in processes of their own.
  ///
  /// @param numWriters ranks among which the rows are divided
  private record Handover(Job job, ActorMesh<Catalogue> catalogue, Scale scale, int numWriters) {
    private static long version = 0;

    void measure(int numReaders, int numParts, int runs, Consumer<Measurement> out) {
      String what =
          numParts == 1
              ? " to %d processes".formatted(numReaders)
              : " from %d ranks by rows to %d by columns".formatted(numWriters, numParts);
      Figures figures = new Figures(what);
      List<Writer> writers = new ArrayList<>();
      try (ProcMesh procs =
          job.hosts()
              .spawnProcs(
                  "readers", Map.of("procs", numReaders), _ -> Resources.compute(1, MEGABYTES))) {
        ActorMesh<Reader> readers =
            procs.spawn("readers", Reader.class, Reader.Actor::new, catalogue, scale, numParts);
        for (int rank = 0; rank < numWriters; rank++) {
          TensorStore store = new TensorStore(catalogue.only());
          writers.add(new Writer(store, new StateDict(scale, rank, numWriters, 0)));
        }
        for (int i = 0; i < WARMUPS + runs; i++) {
          once(writers, readers, figures);
        }
        figures.report(WARMUPS, out);
      } finally {
        writers.forEach(Writer::close);
      }
    }

    private static void once(List<Writer> writers, ActorMesh<Reader> readers, Figures figures) {
      long next = ++version;
      writers.forEach(writer -> writer.state().change(next));
      double memcpy = writers.stream().mapToDouble(writer -> writer.state().memcpy()).sum();
      long start = System.nanoTime();
      writers.forEach(writer -> writer.store().publish(SET, next, writer.state().parts()));
      figures.add("put", StateDict.seconds(start), memcpy);
      List<Reader.Times> times = readers.gather(reader -> reader.read(next));
      Reader.Times slowest =
          times.stream().max(Comparator.comparingDouble(Reader.Times::copied)).orElseThrow();
      figures.add("copy", slowest.copied(), slowest.memcpy());
      if (times.stream().allMatch(each -> each.mapped().isPresent())) {
        figures.add("map", slowest.mapped().orElseThrow(), slowest.memcpy());
        readers.fanout(reader -> reader.hold(next));
        long all = writers.stream().mapToLong(writer -> writer.state().bytes()).sum();
        long shared = readers.gather(Reader::shared).stream().mapToLong(bytes -> bytes).sum();
        figures.memory((double) shared / all);
        readers.fanout(Reader::release);
      }
    }
  }

  /// A rank that puts.
  private record Writer(TensorStore store, StateDict state) implements AutoCloseable {
    @Override
    public void close() {
      store.close();
      state.close();
    }
  }

  /// Times of one subject beside those of a memcpy.
  private static final class Figures {
    private final String what;
    private final Map<String, List<Double>> seconds = new LinkedHashMap<>();
    private final Map<String, List<Double>> memcpy = new LinkedHashMap<>();
    private final List<Double> copies = new ArrayList<>();

    Figures(String what) {
      this.what = what;
    }

    void add(String step, double taken, double beside) {
      seconds.computeIfAbsent(step, _ -> new ArrayList<>()).add(taken);
      memcpy.computeIfAbsent(step, _ -> new ArrayList<>()).add(beside);
    }

    void memory(double numCopies) {
      copies.add(numCopies);
    }

    void report(int warmups, Consumer<Measurement> out) {
      seconds.forEach((step, all) ->
          out.accept(
              Measurement.of(
                  "store/" + step + what,
                  "s",
                  Measurement.median(after(warmups, memcpy.getOrDefault(step, List.of()))),
                  MEMCPY,
                  after(warmups, all))));
      if (!copies.isEmpty()) {
        out.accept(
            Measurement.of(
                "store/memory of all readers" + what,
                "copies",
                1,
                "one physical copy",
                after(warmups, copies)));
      }
    }

    private static List<Double> after(int warmups, List<Double> all) {
      return all.subList(warmups, all.size());
    }
  }

  private static void inOneProcess(Scale scale, int runs, Consumer<Measurement> out) {
    try (MemoryCatalogue catalogue = new MemoryCatalogue();
        TensorStore store = new TensorStore(catalogue);
        StateDict from = new StateDict(scale, 0, 1, 0);
        StateDict into = new StateDict(scale, 0, 1, 0)) {
      Figures figures = new Figures(" in one process");
      for (int i = 0; i < WARMUPS + runs; i++) {
        from.change(i);
        double memcpy = from.memcpy();
        long start = System.nanoTime();
        store.publish(SET, i, from.parts());
        figures.add("put", StateDict.seconds(start), memcpy);
        start = System.nanoTime();
        try (Snapshot snapshot = store.version(SET, i)) {
          from.parts()
              .forEach((key, part) ->
                  snapshot.map(key, part.layout(), part.rank()).orElseThrow().close());
        }
        figures.add("map", StateDict.seconds(start), memcpy);
        start = System.nanoTime();
        try (Snapshot snapshot = store.version(SET, i)) {
          snapshot.getAllInto(into.parts());
        }
        figures.add("copy", StateDict.seconds(start), memcpy);
      }
      figures.report(WARMUPS, out);
    }
  }
}
