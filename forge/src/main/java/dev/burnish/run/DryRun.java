package dev.burnish.run;

import dev.burnish.host.ResidentMemory;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.Trainer;
import dev.burnish.train.memory.StepEstimate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A run that stops short of training: its first step goes as far as the trainer, which plans it
/// instead of doing it, and the cost of training is reported. Its folder is a temporary one.
public final class DryRun {
  /// Growth of the process over the first steps, in addition to what a step makes: compiled
  /// kernels, panels of matrix products, and the gaps that small tensors leave.
  private static final long GROWTH = 32L << 20;

  private final List<PlannedTrainer> trainers = new ArrayList<>();
  private long before;
  private long start;

  /// The trainer that the script must train with instead of the given one.
  public Trainer plan(LocalTrainer trainer) {
    PlannedTrainer planned = new PlannedTrainer(trainer);
    trainers.add(planned);
    return planned;
  }

  /// Begins with the step, from which memory and time are counted.
  public void begin() {
    before = ResidentMemory.now().orElse(0);
    start = System.nanoTime();
  }

  /// The cost of training, in lines.
  public String report() {
    return trainers.stream()
        .flatMap(trainer -> trainer.estimate().stream())
        .reduce(StepEstimate::besides)
        .map(this::report)
        .orElse(
            "dry run: the first step goes through no trainer that run.keep returned, so there is nothing to say");
  }

  private String report(StepEstimate e) {
    long grown = ResidentMemory.peak().orElse(0) - before;
    long rest = Math.max(0, before - e.weights() - e.moments()) + GROWTH;
    long peak = Math.max(before + grown, rest + e.peak());
    int blocks = trainers.getFirst().numBlocks();
    double training = trainers.stream().mapToDouble(PlannedTrainer::seconds).sum();
    double other = Math.max(0, (System.nanoTime() - start) / 1e9 - 2 * e.forwardSeconds());
    return String.join(
        System.lineSeparator(),
        List.of(
            "dry run: nothing was trained and nothing written; what a step takes:",
            line("tokens", e.tokens() + ", " + e.targets() + " targets"),
            line("weights", amount(e.weights())),
            line("moments", amount(e.moments()) + inFile(e)),
            line("gradients", amount(e.gradients())),
            line(
                "activations",
                amount(e.activations())
                    + ", %d of %d blocks kept".formatted(e.keptBlocks(), blocks)),
            line("head", amount(e.head())),
            line(
                "beside it", amount(Math.max(0, grown)) + ": generation, a reference, measurement"),
            line("all else", amount(rest) + ": JVM, libraries, copies of the model, data"),
            line("peak", amount(peak)),
            line(
                "time",
                "about %.3g s a step: %.3g s training, %.3g s beside it"
                    .formatted(training + other, training, other))));
  }

  private static String inFile(StepEstimate e) {
    return e.momentsInFile() == 0 ? "" : ", and " + amount(e.momentsInFile()) + " in a file";
  }

  private static String line(String name, String value) {
    return "  %-12s %s".formatted(name, value);
  }

  private static String amount(long bytes) {
    return bytes < 50_000_000 ? "%.3f MB".formatted(bytes / 1e6) : "%.3f GB".formatted(bytes / 1e9);
  }

  /// A folder for the files that a dry run writes.
  public static Path folder() {
    try {
      return Files.createTempDirectory("burnish-dry-run-");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a folder for a dry run: " + e, e);
    }
  }

  /// Removes the files that a dry run has written.
  public static void remove(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove the folder of a dry run: " + folder, e);
    }
  }
}
