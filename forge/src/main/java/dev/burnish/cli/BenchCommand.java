package dev.burnish.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.metrics.ConsoleSink;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/// `burnish bench [NAME]...`: every benchmark on the class path, or those named.
@Command(
    name = "bench",
    description = "Measure, each figure beside a floor or a rival measured in the same run.")
final class BenchCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", arity = "0..*", description = "All if none is given.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write a JSON object a measurement.")
  private @Nullable Path json;

  @Option(names = "--list", description = "Only print the names.")
  private boolean list;

  @Override
  public Integer call() throws IOException {
    List<Benchmark> all =
        ServiceLoader.load(Benchmark.class).stream().map(ServiceLoader.Provider::get).toList();
    if (list) {
      all.forEach(benchmark -> System.out.println(benchmark.name()));
      return 0;
    }
    StringBuilder lines = new StringBuilder();
    for (Benchmark benchmark : select(all, names)) {
      for (Measurement m : benchmark.run()) {
        System.out.println(line(m));
        lines.append(JsonMapper.shared().writeValueAsString(m)).append('\n');
      }
    }
    if (json != null) {
      Files.write(json, lines.toString().getBytes(UTF_8));
    }
    return 0;
  }

  /// @throws IllegalArgumentException if a name is that of none
  static List<Benchmark> select(List<Benchmark> all, List<String> names) {
    List<String> known = all.stream().map(Benchmark::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "there is no such benchmark: name=%s; choose from %s".formatted(name, known));
      }
    }
    return all.stream().filter(b -> names.isEmpty() || names.contains(b.name())).toList();
  }

  private static String line(Measurement m) {
    return "%-40s %10s %-10s %6.2f x %s (%s)"
        .formatted(
            m.name(),
            ConsoleSink.format(m.value()),
            m.unit(),
            m.ratio(),
            m.baselineName(),
            ConsoleSink.format(m.baseline()));
  }
}
