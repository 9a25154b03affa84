package dev.burnish.bench.store;

import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.store.relay.RelaySimulation;
import dev.burnish.store.relay.RelaySimulation.Change;
import dev.burnish.store.relay.RelaySimulation.Network;
import dev.burnish.store.relay.RelaySimulation.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// `store/relay`: one version to 512 hosts that pass it on, simulated: seconds of network cards and
/// not of this machine, beside those of one transfer.
final class RelayBenchmark implements Benchmark {
  private static final int STRIPES = 8;

  /// Cards of 10 GB/s, chunks of 1 MB, 50 us from host to host. The connections of a process that
  /// is killed are reset, which is known after 10 ms.
  private static final double CHUNK_SECONDS = 1e-4;

  private static final double LATENCY = 5e-5;
  private static final double NOTICED = 0.01;

  @Override
  public String name() {
    return "store/relay";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int numHosts = options.scale() == Scale.FULL ? 512 : 32;
    for (int megabytes : options.scale() == Scale.FULL ? new int[] {540, 14_000} : new int[] {54}) {
      Network network = new Network(megabytes, CHUNK_SECONDS, LATENCY, NOTICED);
      String what = "%d MB to %d hosts".formatted(megabytes, numHosts);
      report(what, network, run(network, numHosts, 0), out);
      report(what + ", 1 in 50 lost", network, run(network, numHosts, numHosts / 50), out);
    }
  }

  private static Outcome run(Network network, int numHosts, int numLost) {
    RandomGenerator random = new SplittableRandom(numHosts);
    List<Change> losses = new ArrayList<>();
    for (int i = 0; i < numLost; i++) {
      losses.add(new Change(random.nextDouble(network.oneTransfer()), 1 + i * 50));
    }
    return RelaySimulation.run(network, numHosts, STRIPES, losses, List.of());
  }

  private static void report(
      String what, Network network, Outcome outcome, Consumer<Measurement> out) {
    out.accept(
        Measurement.of(
            "store/relay/" + what,
            "s",
            network.oneTransfer(),
            "one transfer",
            List.of(outcome.seconds())));
    out.accept(
        Measurement.of(
            "store/relay/" + what + ": sent by the source",
            "versions",
            1,
            "each byte once",
            List.of(outcome.sourceShare())));
  }
}
