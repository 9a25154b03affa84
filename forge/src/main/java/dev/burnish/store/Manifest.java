package dev.burnish.store;

import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.ParameterSpec;
import java.util.Arrays;
import java.util.List;

/// The content of a version of weights: by it a reader can tell whether they are its model's, and
/// whether they are whole.
///
/// @param set which weights these are, such as `policy`, or `base` for those that an adaptation
///   leaves as they are
/// @param version of the set
/// @param parts in the order of the model
public record Manifest(String set, long version, List<Part> parts) {
  /// A flat buffer of F32 values.
  ///
  /// @param parameters that lie in it, one after the other without gaps
  /// @param digest CRC32C of its bytes
  public record Part(List<ParameterSpec> parameters, long digest) {
    /// @throws IllegalArgumentException if a dim is negative or there are too many elements
    public Part {
      parameters = List.copyOf(parameters);
      parameters.forEach(Part::requireSize);
      long _ = bytes(parameters);
    }

    private static void requireSize(ParameterSpec spec) {
      if (Arrays.stream(spec.shape()).anyMatch(dim -> dim < 0)) {
        throw new IllegalArgumentException("a dim must not be negative: parameter=" + text(spec));
      }
      try {
        int _ = spec.size();
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "a parameter must have at most 2^31 - 1 elements: parameter=" + text(spec), e);
      }
    }

    private static long bytes(List<ParameterSpec> parameters) {
      return Float.BYTES * parameters.stream().mapToLong(ParameterSpec::size).sum();
    }

    /// Bytes of the values; none for a part without parameters.
    public long bytes() {
      return bytes(parameters);
    }
  }

  /// @throws IllegalArgumentException if the version is negative
  public Manifest {
    if (version < 0) {
      throw new IllegalArgumentException(
          "a version must not be negative: set=%s version=%d".formatted(set, version));
    }
    parts = List.copyOf(parts);
  }

  /// Checks that the parts are those of a model.
  ///
  /// @throws WeightsException naming the first parameter that differs
  public void requireFits(List<FlatLayout> layouts) {
    for (int part = 0; part < Math.max(parts.size(), layouts.size()); part++) {
      List<String> there = part < parts.size() ? texts(parts.get(part).parameters()) : List.of();
      List<String> wanted = part < layouts.size() ? texts(specs(layouts.get(part))) : List.of();
      for (int i = 0; i < Math.max(there.size(), wanted.size()); i++) {
        requireSame(part, at(there, i), at(wanted, i));
      }
    }
    if (parts.size() != layouts.size()) {
      throw new WeightsException(
          "published weights must have the parts of the model: set=%s version=%d published=%d model=%d"
              .formatted(set, version, parts.size(), layouts.size()));
    }
  }

  private void requireSame(int part, String there, String wanted) {
    if (!there.equals(wanted)) {
      throw new WeightsException(
          "published weights must be those of the model: set=%s version=%d part=%d published=%s model=%s; publish and read the same model"
              .formatted(set, version, part, there, wanted));
    }
  }

  static List<ParameterSpec> specs(FlatLayout layout) {
    return layout.names().stream().map(layout::spec).toList();
  }

  private static List<String> texts(List<ParameterSpec> specs) {
    return specs.stream().map(Manifest::text).toList();
  }

  private static String at(List<String> texts, int index) {
    return index < texts.size() ? texts.get(index) : "nothing";
  }

  private static String text(ParameterSpec spec) {
    return spec.name() + Arrays.toString(spec.shape());
  }

  /// The digests of the parts.
  public List<Long> digests() {
    return parts.stream().map(Part::digest).toList();
  }
}
