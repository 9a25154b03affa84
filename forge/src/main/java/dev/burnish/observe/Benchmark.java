package dev.burnish.observe;

import java.util.List;

/// Something that `./burnish bench` measures. Found as a service of this type
/// (`META-INF/services/dev.burnish.observe.Benchmark`).
public interface Benchmark {
  /// The word that selects it on the command line.
  String name();

  /// Measures, beside a floor or a rival measured in the same run.
  List<Measurement> run();
}
