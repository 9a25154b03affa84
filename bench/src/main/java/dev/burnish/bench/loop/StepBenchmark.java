package dev.burnish.bench.loop;

import dev.burnish.bench.Child;
import dev.burnish.bench.StepWorkload;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// `step`: the demo's step with all parts in threads of one process, in processes of their own, and
/// in processes with rollouts a step ahead; by turns, each time in fresh processes.
final class StepBenchmark implements Benchmark {
  private static final String ONE = "in one process, by turns";

  @Override
  public String name() {
    return "step";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    boolean full = options.scale() == Scale.FULL;
    List<Double> one = new ArrayList<>();
    List<Double> apart = new ArrayList<>();
    List<Double> ahead = new ArrayList<>();
    for (int round = 0; round < (full ? 3 : 1); round++) {
      one.addAll(seconds(Processes.THREADS, 0, full));
      apart.addAll(seconds(Processes.JVMS, 0, full));
      ahead.addAll(seconds(Processes.JVMS, 1, full));
    }
    double baseline = Measurement.median(one);
    out.accept(Measurement.of("step/in processes, lag of 0", "s", baseline, ONE, apart));
    out.accept(Measurement.of("step/in processes, lag of 1", "s", baseline, ONE, ahead));
  }

  private static List<Double> seconds(Processes processes, int maxStaleness, boolean full) {
    StepWorkload workload =
        full
            ? new StepWorkload(processes, maxStaleness, 64, 16, 20, 20)
            : new StepWorkload(processes, maxStaleness, 2, 2, 1, 1);
    return Child.run(workload).runs(StepWorkload.STEP);
  }
}
