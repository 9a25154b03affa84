package dev.burnish.bench;

import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.tensor.Libtorch;
import java.util.List;
import java.util.function.Consumer;

/// `bandwidth`: reading and copying memory with all threads.
public final class BandwidthBenchmark implements Benchmark {
  @Override
  public String name() {
    return "bandwidth";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    double one = Measurement.median(Bandwidth.read(options.scale(), 1));
    List<Double> all = Bandwidth.read(options.scale(), Libtorch.threadsFromEnvironment());
    out.accept(Measurement.of("bandwidth/read", "GB/s", one, "reading with one thread", all));
    out.accept(
        Measurement.of(
            "bandwidth/memcpy",
            "GB/s",
            Measurement.median(all),
            "reading with all threads",
            Bandwidth.copy(options.scale())));
  }
}
