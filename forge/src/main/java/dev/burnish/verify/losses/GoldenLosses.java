package dev.burnish.verify.losses;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A file of reference values: `inputs`, and for each other key the expected loss, gradient or
/// weight on them. The key names the formula and its parameters, such as `loss.ppo clip.2/.2
/// token-mean`; both are read from it, so a file with other inputs or other parameters is checked
/// as well.
public final class GoldenLosses {
  private GoldenLosses() {}

  /// The result of one key.
  public sealed interface Entry {
    String key();

    /// @param difference largest absolute difference of any element; infinite if the shapes differ
    record Checked(String key, double difference, boolean passed) implements Entry {}

    /// @param reason why there was nothing to compare
    record Skipped(String key, String reason) implements Entry {}
  }

  /// The entries in the order of the file.
  public record Report(List<Entry> entries) {
    public Report {
      entries = List.copyOf(entries);
    }

    /// Whether something was checked and nothing differed.
    public boolean passed() {
      return numChecked() > 0 && failures().isEmpty();
    }

    public List<Entry.Checked> failures() {
      return checked().stream().filter(entry -> !entry.passed()).toList();
    }

    public List<Entry.Skipped> skipped() {
      return entries.stream()
          .filter(Entry.Skipped.class::isInstance)
          .map(Entry.Skipped.class::cast)
          .toList();
    }

    public List<Entry.Checked> checked() {
      return entries.stream()
          .filter(Entry.Checked.class::isInstance)
          .map(Entry.Checked.class::cast)
          .toList();
    }

    public int numChecked() {
      return checked().size();
    }
  }

  /// Compares every key that names a known formula.
  ///
  /// @throws IllegalArgumentException if the file is missing, is not JSON or lacks its inputs
  public static Report verify(Path file, double tolerance) throws IOException {
    JsonNode root = read(file);
    var inputs = GoldenInputs.of(root, file.toString());
    var formulas = Formulas.all(inputs);
    List<Entry> entries = new ArrayList<>();
    root.properties()
        .forEach(property -> {
          if (!GoldenInputs.KEYS.contains(property.getKey())) {
            entries.add(check(formulas, property.getKey(), property.getValue(), tolerance));
          }
        });
    return new Report(entries);
  }

  private static Entry check(List<Formula> formulas, String key, JsonNode value, double tolerance) {
    double[] expected;
    try {
      expected = GoldenInputs.flatten(value);
    } catch (IllegalArgumentException e) {
      return new Entry.Skipped(key, "the expected value is not numeric");
    }
    for (Formula formula : formulas) {
      var computed = formula.apply(key);
      if (computed.isPresent()) {
        double difference = difference(computed.get(), expected);
        return new Entry.Checked(key, difference, difference <= tolerance);
      }
    }
    return new Entry.Skipped(key, Formulas.reasonToSkip(key));
  }

  private static double difference(double[] computed, double[] expected) {
    if (computed.length != expected.length || Arrays.stream(computed).anyMatch(Double::isNaN)) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    for (int i = 0; i < computed.length; i++) {
      largest = Math.max(largest, Math.abs(computed[i] - expected[i]));
    }
    return largest;
  }

  private static JsonNode read(Path file) throws IOException {
    try {
      return JsonMapper.shared().readTree(Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(
          "a file of reference losses exists: losses=%s; check the path".formatted(file), e);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "a file of reference losses is JSON: losses=%s (%s); the file may be truncated"
              .formatted(file, e.getOriginalMessage()),
          e);
    }
  }
}
