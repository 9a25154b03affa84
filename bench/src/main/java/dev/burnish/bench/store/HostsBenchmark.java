package dev.burnish.bench.store;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.host.JvmCommand;
import dev.burnish.launch.Resources;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.link.transport.HostChannel.Protection;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.store.tensors.Catalogue;
import dev.burnish.store.tensors.MemoryCatalogue;
import dev.burnish.store.tensors.TensorStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// `store/tcp`: a state dict that readers of another host get, which is a process of this one, over
/// loopback; beside the same bytes over bare sockets between the same processes.
final class HostsBenchmark implements Benchmark {
  private static final String RAW = "bare TCP sockets between the same processes";
  private static final String SET = "policy";
  private static final int WARMUPS = 2;
  private static final int MEGABYTES = 512;

  @Override
  public String name() {
    return "store/tcp";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    for (Protection protection : Protection.values()) {
      try (Neighbour neighbour = Neighbour.start(protection)) {
        Handover handover =
            new Handover(neighbour, options.scale(), protection.name().toLowerCase(Locale.ROOT));
        handover.measure(1, 1, out);
        handover.measure(2, 1, out);
        handover.measure(4, 1, out);
        handover.measure(3, 3, out);
      }
    }
  }

  /// A job with another host.
  private record Neighbour(Job job, Process process, HostMesh hosts, ActorMesh<Catalogue> catalogue)
      implements AutoCloseable {
    static Neighbour start(Protection protection) {
      LinkSettings link =
          LinkSettings.defaults().withBulk(BulkSettings.defaults().withProtection(protection));
      Job job =
          Job.start(
              JobOptions.named("bench")
                  .with(ActorSystemSettings.defaults().withLink(link))
                  .withReach(InetAddress.getLoopbackAddress()));
      try {
        List<String> command =
            JvmCommand.of(HostProcess.class)
                .withFlags(List.of("--enable-native-access=ALL-UNNAMED"))
                .withArguments(List.of(job.ticket().text()))
                .words();
        Process process =
            new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        ActorMesh<Catalogue> catalogue =
            job.hosts()
                .spawnProcs("catalogue", Map.of("procs", 1), _ -> Resources.compute(2, MEGABYTES))
                .spawn("catalogue", Catalogue.class, MemoryCatalogue::new);
        return new Neighbour(job, process, job.awaitHosts(1), catalogue);
      } catch (IOException e) {
        job.close();
        throw new UncheckedIOException("a process for another host does not start: " + e, e);
      }
    }

    @Override
    public void close() {
      job.close();
      process.destroyForcibly();
    }
  }

  private record Handover(Neighbour neighbour, Scale scale, String protection) {
    private static long version = 0;

    void measure(int numReaders, int numParts, Consumer<Measurement> out) {
      int numWriters = numParts == 1 ? 1 : 2;
      List<StateDict> states = new ArrayList<>();
      try (TensorStore store = new TensorStore(neighbour.catalogue().only());
          ProcMesh procs =
              neighbour
                  .hosts()
                  .spawnProcs(
                      "readers",
                      Map.of("procs", numReaders),
                      _ -> Resources.compute(1, MEGABYTES));
          BareSockets bare = BareSockets.open()) {
        ActorMesh<Reader> readers =
            procs.spawn(
                "readers", Reader.class, Reader.Actor::new, neighbour.catalogue(), scale, numParts);
        for (int rank = 0; rank < numWriters; rank++) {
          states.add(new StateDict(scale, rank, numWriters, 0));
        }
        report(numReaders, numParts, times(store, states, readers, bare), out);
      } finally {
        states.forEach(StateDict::close);
      }
    }

    private record Times(List<Double> read, List<Double> raw) {}

    private Times times(
        TensorStore store, List<StateDict> states, ActorMesh<Reader> readers, BareSockets bare) {
      int runs = scale == Scale.FULL ? 5 : 1;
      Times times = new Times(new ArrayList<>(), new ArrayList<>());
      for (int i = 0; i < WARMUPS + runs; i++) {
        long next = ++version;
        for (StateDict state : states) {
          state.change(next);
          store.publish(SET, next, state.parts());
        }
        String address = bare.address();
        double raw = slowest(readers.gather(reader -> reader.bare(address)));
        double read =
            slowest(readers.gather(reader -> reader.read(next)).stream().map(Reader.Times::copied));
        if (i >= WARMUPS) {
          times.raw().add(raw);
          times.read().add(read);
        }
      }
      return times;
    }

    private static double slowest(List<Double> seconds) {
      return slowest(seconds.stream());
    }

    private static double slowest(java.util.stream.Stream<Double> seconds) {
      return seconds.mapToDouble(each -> each).max().orElseThrow();
    }

    private void report(int numReaders, int numParts, Times times, Consumer<Measurement> out) {
      String what =
          numParts == 1
              ? "to %d readers".formatted(numReaders)
              : "from 2 ranks by rows to %d by columns".formatted(numParts);
      out.accept(
          Measurement.of(
              "store/tcp/%s, %s".formatted(what, protection),
              "s",
              Measurement.median(times.raw()),
              RAW,
              times.read()));
    }
  }
}
