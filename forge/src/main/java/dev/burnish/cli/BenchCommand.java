package dev.burnish.cli;

import dev.burnish.concurrent.Stop;
import dev.burnish.kernel.Calibration;
import dev.burnish.metrics.ConsoleSink;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.observe.HostFacts;
import dev.burnish.observe.Measurement;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// `burnish bench [NAME]...`: every benchmark on the class path, or those named. Writes one JSON
/// object per measurement to standard output, the first with a description of the machine, and one
/// line for people to standard error.
@Command(
    name = "bench",
    description = "Measure, each figure beside a floor or a rival measured in the same run.",
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {
  private static final String MODEL = "smollm2-135m-instruct";

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "All if none is given.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write the JSON objects to a file, a line each.")
  private @Nullable Path json;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "Measure with this model; otherwise with "
              + MODEL
              + " in $BURNISH_MODELS or shared/models beside the checkout; otherwise with random"
              + " weights of its shape.")
  private @Nullable Path model;

  @Option(
      names = "--tiny",
      description = "Tiny sizes and random weights: shows that everything runs, nothing else.")
  private boolean tiny;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      defaultValue = "10",
      description = "How long soak looks whether something grows; ${DEFAULT-VALUE} if not given.")
  private int minutes;

  @Option(
      names = "--trace",
      description =
          "With generate: 500 samples with a long tail of lengths, beside batches that wait for"
              + " their longest.")
  private boolean trace;

  @Option(names = "--list", description = "Only print the names.")
  private boolean list;

  @Spec private CommandSpec spec;

  /// Set by picocli.
  BenchCommand() {
    spec = CommandSpec.create();
  }

  @Override
  public Integer call() throws IOException {
    List<Benchmark> all =
        ServiceLoader.load(Benchmark.class).stream().map(ServiceLoader.Provider::get).toList();
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      all.forEach(benchmark -> out.println(benchmark.name()));
      return 0;
    }
    List<Benchmark> chosen = select(all, chosen());
    Benchmark.Options options = options();
    try (Stop stop = Stop.listen();
        Writer file = writer()) {
      Output output = new Output(out, spec.commandLine().getErr(), file);
      for (Benchmark benchmark : chosen) {
        if (!stop.requested()) {
          benchmark.run(options, output::accept);
        }
      }
      return 0;
    } catch (CancellationException e) {
      return Main.INTERRUPTED;
    }
  }

  /// The output file, created before anything is measured; it grows as figures come.
  private Writer writer() throws IOException {
    return json == null ? Writer.nullWriter() : Files.newBufferedWriter(json);
  }

  private Benchmark.Options options() {
    if (minutes < 1) {
      throw new IllegalArgumentException("soak takes a time: --minutes=" + minutes);
    }
    if (tiny && model != null) {
      throw new IllegalArgumentException(
          "--tiny measures with random weights: model=%s; leave one of the two out"
              .formatted(model));
    }
    if (model != null && !Files.isRegularFile(model.resolve("config.json"))) {
      throw new IllegalArgumentException(
          "a model is a folder with a config.json: model=%s".formatted(model));
    }
    Optional<Path> found =
        tiny ? Optional.empty() : Optional.ofNullable(model).or(() -> shared("models", MODEL));
    return new Benchmark.Options(
        found,
        shared("data", "gsm8k/test.jsonl"),
        tiny ? Scale.TINY : Scale.FULL,
        Duration.ofMinutes(minutes));
  }

  /// A file in `$BURNISH_MODELS` or `$BURNISH_DATA`, else below `shared` in a folder that holds the
  /// checkout.
  private static Optional<Path> shared(String kind, String relative) {
    String configured = System.getenv(kind.equals("models") ? "BURNISH_MODELS" : "BURNISH_DATA");
    if (configured != null) {
      return Optional.of(Path.of(configured, relative)).filter(Files::exists);
    }
    Path home = Path.of(System.getProperty("burnish.home", "")).toAbsolutePath();
    for (Path folder = home; folder != null; folder = folder.getParent()) {
      Path candidate = folder.resolve("shared").resolve(kind).resolve(relative);
      if (Files.exists(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /// The names that are asked for.
  private List<String> chosen() {
    if (trace && !names.equals(List.of("generate"))) {
      throw new IllegalArgumentException(
          "--trace must come with generate alone: names=%s; run bench generate --trace"
              .formatted(names));
    }
    return trace ? List.of("generate-trace") : names;
  }

  /// @throws IllegalArgumentException if a name is not that of a benchmark
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

  /// The destination of figures as they come.
  private static final class Output {
    private final PrintWriter out;
    private final PrintWriter err;
    private final Writer file;
    private boolean started;

    Output(PrintWriter out, PrintWriter err, Writer file) {
      this.out = out;
      this.err = err;
      this.file = file;
    }

    void accept(Measurement m) {
      ObjectNode object = JsonMapper.shared().valueToTree(m);
      if (!started) {
        HostFacts facts = HostFacts.detect().withSgemm(Calibration.sgemmGflops());
        object.set("host", JsonMapper.shared().valueToTree(facts));
        started = true;
      }
      String line = JsonMapper.shared().writeValueAsString(object);
      out.println(line);
      out.flush();
      StandardOutput.requireWhole();
      err.println(readable(m));
      err.flush();
      try {
        file.write(line + "\n");
        file.flush();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write --json: " + e, e);
      }
    }

    private static String readable(Measurement m) {
      return "%-48s %10s %-9s %7.3f x %s (%s)"
          .formatted(
              m.name(),
              ConsoleSink.format(m.value()),
              m.unit(),
              m.ratio(),
              m.baselineName(),
              ConsoleSink.format(m.baseline()));
    }
  }
}
