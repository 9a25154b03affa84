package dev.burnish.bench.store;

import dev.burnish.actor.Context;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.store.tensors.Catalogue;
import dev.burnish.store.tensors.Snapshot;
import dev.burnish.store.tensors.TensorStore;
import dev.burnish.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A process that reads versions of a state dict.
interface Reader {
  /// Reads a version to memory of its own, and maps it.
  Times read(long version);

  /// Receives as many bytes as it reads over bare sockets.
  ///
  /// @return seconds
  double bare(String address);

  /// Maps a version, reads all of it, and holds it.
  void hold(long version);

  /// Bytes of this process's share of the physical memory of what it holds.
  long shared();

  /// Ends [#hold].
  void release();

  /// Seconds of one read.
  ///
  /// @param memcpy of the same bytes, in memory of this process
  /// @param copied from the handles to the last byte, in tensors of this process
  /// @param mapped all parts, if each lies in one piece: nothing is copied
  record Times(double memcpy, double copied, Optional<Double> mapped) {}

  /// See [Reader].
  final class Actor implements Reader, AutoCloseable {
    /// As many as a reader of another host has.
    private static final int CONNECTIONS = 4;

    private final TensorStore store;
    private final StateDict own;
    private List<Snapshot> held = List.of();

    /// @param numParts into which the columns are divided among the readers; 1: each reads all
    Actor(ActorMesh<Catalogue> catalogue, Scale scale, int numParts) {
      store = new TensorStore(catalogue.only());
      own = new StateDict(scale, Context.current().rank() % numParts, numParts, 1);
    }

    @Override
    public Times read(long version) {
      double memcpy = own.memcpy();
      long start = System.nanoTime();
      try (Snapshot snapshot = store.version("policy", version)) {
        snapshot.getAllInto(own.parts());
      }
      double copied = StateDict.seconds(start);
      start = System.nanoTime();
      try (Snapshot snapshot = store.version("policy", version)) {
        List<Optional<Tensor>> mapped =
            own.parts().entrySet().stream()
                .map(each ->
                    snapshot.map(each.getKey(), each.getValue().layout(), each.getValue().rank()))
                .toList();
        double seconds = StateDict.seconds(start);
        mapped.forEach(each -> each.ifPresent(Tensor::close));
        return new Times(
            memcpy,
            copied,
            mapped.stream().allMatch(Optional::isPresent)
                ? Optional.of(seconds)
                : Optional.empty());
      }
    }

    @Override
    public double bare(String address) {
      long start = System.nanoTime();
      BareSockets.receive(address, own.bytes(), CONNECTIONS);
      return StateDict.seconds(start);
    }

    @Override
    public void hold(long version) {
      Snapshot snapshot = store.version("policy", version);
      held = List.of(snapshot);
      own.parts().forEach((key, part) -> snapshot.check(key, part.layout(), part.rank()));
    }

    @Override
    public void release() {
      held.forEach(Snapshot::close);
      held = List.of();
    }

    /// The sum over the mappings of regions of the proportional share that the system counts.
    @Override
    public long shared() {
      try {
        long sum = 0;
        boolean region = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
          if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
            region = line.contains("burnish-region") || line.contains("/dev/shm/");
          } else if (region && line.startsWith("Pss:")) {
            sum += 1024 * Long.parseLong(line.replaceAll("\\D", ""));
          }
        }
        return sum;
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read the mappings of this process: " + e, e);
      }
    }

    @Override
    public void close() {
      release();
      store.close();
      own.close();
    }
  }
}
