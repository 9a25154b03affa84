package dev.burnish.bench.store;

import dev.burnish.concurrent.Stop;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// `store`: tensors from any layout to any layout. Planning for the layouts of large models, and
/// the state dict of a small one through the store: in one process, to others of the host, from two
/// ranks to three, and to another host; and how long one version takes to many hosts.
public final class StoreBenchmark implements Benchmark {
  private static final List<Benchmark> ALL =
      List.of(
          new PlanBenchmark(),
          new RelayBenchmark(),
          new StateDictBenchmark(),
          new HostsBenchmark());

  @Override
  public String name() {
    return "store";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    for (Benchmark each : ALL) {
      if (Stop.wasRequested()) {
        throw new CancellationException("stopped before part=" + each.name());
      }
      each.run(options, out);
    }
  }
}
