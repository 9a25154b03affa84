package dev.burnish.bench.store;

import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.DeviceMesh.Axis;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Placement;
import dev.burnish.sharding.Planner;
import dev.burnish.sharding.Read;
import dev.burnish.sharding.ReshardPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// `store/plan`: what every rank of a generator reads of every tensor, from nothing: no plan is
/// kept from the run before. Trainers shard each tensor over the ranks that have data of their own,
/// on top of tensor parallelism; generators have replicas of tensor parallel groups.
final class PlanBenchmark implements Benchmark {
  private static final int RUNS = 7;

  @Override
  public String name() {
    return "store/plan";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int runs = options.scale() == Scale.FULL ? RUNS : 1;
    int fewer = options.scale() == Scale.FULL ? 1 : 20;
    Meshes dense = new Meshes(mesh(8, 8), mesh(2, 8));
    report(out, "70 B, 64 to 16 ranks", 0.05, times(runs, dense70(dense, 80 / fewer, 0)));
    report(
        out,
        "70 B, 64 to 16 ranks, no two tensors alike",
        0.05,
        times(runs, dense70(dense, 80 / fewer, 1)));
    Meshes mixture = new Meshes(mesh(128, 8), mesh(32, 8));
    report(out, "1 T mixture, 1024 to 256 ranks", 5, times(runs, mixture(mixture, 52 / fewer)));
  }

  private static DeviceMesh mesh(int data, int tensor) {
    return new DeviceMesh(List.of(new Axis("dp", data), new Axis("tp", tensor)));
  }

  private record Meshes(DeviceMesh source, DeviceMesh target) {
    /// A matrix whose dim is divided by tensor parallelism.
    Tensor matrix(int dim, long... shape) {
      List<Long> sizes = List.of(shape[0], shape[1]);
      return new Tensor(
          new Layout(sizes, source, List.of(Placement.shard(0), Placement.shard(dim))),
          new Layout(sizes, target, List.of(Placement.replicate(), Placement.shard(dim))));
    }

    Tensor vector(long size) {
      return new Tensor(
          new Layout(List.of(size), source, List.of(Placement.shard(0), Placement.replicate())),
          Layout.replicated(target, size));
    }
  }

  private record Tensor(Layout source, Layout target) {}

  /// A decoder of Llama's shape: 9 tensors per block.
  ///
  /// @param growth of each dim from block to block, so that none is as in another
  private static List<Tensor> dense70(Meshes meshes, int blocks, int growth) {
    List<Tensor> tensors = new ArrayList<>();
    for (int block = 0; block < blocks; block++) {
      long hidden = 8192 + (long) growth * block;
      long inner = 28672 + (long) growth * block;
      tensors.add(meshes.matrix(0, hidden, hidden));
      tensors.add(meshes.matrix(0, 1024, hidden));
      tensors.add(meshes.matrix(0, 1024, hidden));
      tensors.add(meshes.matrix(1, hidden, hidden));
      tensors.add(meshes.matrix(0, inner, hidden));
      tensors.add(meshes.matrix(0, inner, hidden));
      tensors.add(meshes.matrix(1, hidden, inner));
      tensors.add(meshes.vector(hidden));
      tensors.add(meshes.vector(hidden));
    }
    tensors.add(meshes.matrix(0, 128_256, 8192));
    tensors.add(meshes.matrix(0, 128_256, 8192));
    return tensors;
  }

  /// 384 experts of 3 matrices in each block.
  private static List<Tensor> mixture(Meshes meshes, int blocks) {
    List<Tensor> tensors = new ArrayList<>();
    for (int block = 0; block < blocks; block++) {
      for (int expert = 0; expert < 384; expert++) {
        tensors.add(meshes.matrix(0, 2048, 7168));
        tensors.add(meshes.matrix(0, 2048, 7168));
        tensors.add(meshes.matrix(1, 7168, 2048));
      }
      tensors.add(meshes.matrix(0, 1536, 7168));
      tensors.add(meshes.matrix(0, 24_576, 1536));
      tensors.add(meshes.matrix(1, 7168, 16_384));
      tensors.add(meshes.vector(7168));
    }
    return tensors;
  }

  private static List<Double> times(int runs, List<Tensor> tensors) {
    List<Double> seconds = new ArrayList<>();
    for (int run = 0; run < runs; run++) {
      long start = System.nanoTime();
      plan(tensors);
      seconds.add((System.nanoTime() - start) / 1e9);
    }
    return seconds;
  }

  /// Makes all reads of all ranks.
  private static void plan(List<Tensor> tensors) {
    Planner planner = new Planner();
    for (int number = 0; number < tensors.size(); number++) {
      Tensor tensor = tensors.get(number);
      ReshardPlan plan = planner.plan(tensor.source(), tensor.target());
      int ranks = tensor.target().numRanks();
      long numReads = 0;
      for (int rank = 0; rank < ranks; rank++) {
        List<Read> reads = plan.reads(rank, number);
        numReads += reads.size();
      }
      if (numReads < ranks) {
        throw new IllegalStateException("every rank has to read: tensor=" + tensor);
      }
    }
  }

  private static void report(
      Consumer<Measurement> out, String what, double aim, List<Double> runs) {
    out.accept(Measurement.of("store/plan/" + what, "s", aim, "the time that it may take", runs));
  }
}
