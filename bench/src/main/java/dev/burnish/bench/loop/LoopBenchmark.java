package dev.burnish.bench.loop;

import dev.burnish.concurrent.Stop;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// `loop`: rollouts and training in processes of their own, and at the same time. The step of the
/// demo, parts that wait instead of computing, the handover of weights, and the controller with
/// more parts than a machine has.
public final class LoopBenchmark implements Benchmark {
  private static final List<Benchmark> ALL =
      List.of(
          new StepBenchmark(),
          new WaitsBenchmark(),
          new HandoverBenchmark(),
          new ControllerBenchmark());

  @Override
  public String name() {
    return "loop";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    for (Benchmark each : ALL) {
      if (Stop.wasRequested()) {
        throw new CancellationException("stopped before part=" + each.name());
      }
      each.run(options, figure -> out.accept(named("loop/" + figure.name(), figure)));
    }
  }

  private static Measurement named(String name, Measurement figure) {
    return new Measurement(
        name,
        figure.value(),
        figure.unit(),
        figure.baseline(),
        figure.baselineName(),
        figure.ratio(),
        figure.runs());
  }
}
