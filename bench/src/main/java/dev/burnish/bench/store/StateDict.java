package dev.burnish.bench.store;

import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Placement;
import dev.burnish.store.tensors.ShardedTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One rank's parts of the F32 parameters of a decoder, as memory to be put or read into, and a
/// copy of it for a memcpy of the same bytes.
final class StateDict implements AutoCloseable {
  private final Map<String, ShardedTensor> parts = new LinkedHashMap<>();
  private final List<Tensor> copies = new ArrayList<>();

  /// Shapes of SmolLM2-135M, 538 MB; or tiny ones.
  ///
  /// @param dim that is divided among the ranks
  StateDict(Scale scale, int rank, int numRanks, int dim) {
    long divisor = scale == Scale.FULL ? 1 : 16;
    int blocks = scale == Scale.FULL ? 30 : 2;
    Builder add = new Builder(rank, numRanks, dim);
    long hidden = 576 / divisor;
    long inner = 1536 / divisor;
    add.matrix("embedding", 49_152 / divisor, hidden);
    for (int block = 0; block < blocks; block++) {
      String prefix = "layers." + block + ".";
      add.matrix(prefix + "q", hidden, hidden);
      add.matrix(prefix + "k", 192 / divisor, hidden);
      add.matrix(prefix + "v", 192 / divisor, hidden);
      add.matrix(prefix + "o", hidden, hidden);
      add.matrix(prefix + "gate", inner, hidden);
      add.matrix(prefix + "up", inner, hidden);
      add.matrix(prefix + "down", hidden, inner);
      add.matrix(prefix + "norms", 2, hidden);
    }
  }

  private final class Builder {
    private final int rank;
    private final DeviceMesh mesh;
    private final Placement placement;

    Builder(int rank, int numRanks, int dim) {
      this.rank = rank;
      this.mesh = DeviceMesh.of(numRanks);
      this.placement = Placement.shard(dim);
    }

    void matrix(String name, long rows, long columns) {
      Layout layout = new Layout(List.of(rows, columns), mesh, List.of(placement));
      long[] shape = layout.box(rank).shape().stream().mapToLong(Long::longValue).toArray();
      Tensor part = Tensor.zeros(DType.F32, Device.CPU, shape);
      parts.put(name, new ShardedTensor(layout, rank, part.fill_(name.hashCode() % 1000)));
      copies.add(Tensor.zeros(DType.F32, Device.CPU, shape));
    }
  }

  Map<String, ShardedTensor> parts() {
    return parts;
  }

  long bytes() {
    return parts.values().stream().mapToLong(part -> part.spec().bytes(part.rank())).sum();
  }

  /// Changes some of every tensor, so that no version is like another.
  void change(long version) {
    for (ShardedTensor part : parts.values()) {
      if (part.local().numElements() > 0) {
        try (Tensor first = part.local().narrow(0, 0, 1)) {
          Tensor _ = first.fill_(version);
        }
      }
    }
  }

  /// Seconds of a copy of all bytes by one thread.
  double memcpy() {
    long start = System.nanoTime();
    int next = 0;
    for (ShardedTensor part : parts.values()) {
      MemorySegment bytes = part.local().segment();
      MemorySegment.copy(bytes, 0, copies.get(next++).segment(), 0, bytes.byteSize());
    }
    return seconds(start);
  }

  static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    parts.values().forEach(part -> part.local().close());
    copies.forEach(Tensor::close);
  }
}
