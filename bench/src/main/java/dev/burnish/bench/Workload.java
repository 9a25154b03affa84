package dev.burnish.bench;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.Map;

/// Work that is measured in a JVM of its own, see [Child].
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
@JsonSubTypes({
  @JsonSubTypes.Type(value = TrainWorkload.class, name = "train"),
  @JsonSubTypes.Type(value = GrpoWorkload.class, name = "grpo"),
  @JsonSubTypes.Type(value = GenerateWorkload.class, name = "generate"),
  @JsonSubTypes.Type(value = TraceWorkload.class, name = "trace"),
  @JsonSubTypes.Type(value = TurnsWorkload.class, name = "turns"),
  @JsonSubTypes.Type(value = StepWorkload.class, name = "step")
})
public sealed interface Workload
    permits TrainWorkload,
        GrpoWorkload,
        GenerateWorkload,
        TraceWorkload,
        StepWorkload,
        TurnsWorkload {
  /// Seconds or speeds of each run, floors and peaks, by name.
  Figures measure();

  /// The figures of a workload, by name.
  ///
  /// @param label of the model that was measured
  record Figures(String label, Map<String, List<Double>> values) {
    /// The values of a figure.
    ///
    /// @throws IllegalStateException if there is none of that name
    public List<Double> runs(String name) {
      List<Double> runs = values.get(name);
      if (runs == null) {
        throw new IllegalStateException(
            "a workload reports its figures: missing=%s reported=%s"
                .formatted(name, values.keySet()));
      }
      return runs;
    }

    double median(String name) {
      return Measurement.median(runs(name));
    }

    boolean has(String name) {
      return values.containsKey(name);
    }
  }
}
