package dev.burnish.store;

import dev.burnish.kernel.PackedLayout;
import dev.burnish.nn.Canary;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.ParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The content of a version of weights: by it a reader can tell whether they are its model's, and
/// whether they are whole.
///
/// @param set which weights these are, such as `policy`, or `base` for those that an adaptation
///   leaves as they are
/// @param version of the set
/// @param parts in the order of the model
/// @param canary what the publisher computed with the weights, if it did
public record Manifest(String set, long version, List<Part> parts, Optional<Canary> canary) {
  /// The values of one part, in F32.
  ///
  /// @param parameters in their order
  /// @param packed where the matrices lie that generators multiply by, before all other parameters;
  ///   empty where all lie one after the other without gaps
  /// @param digest CRC32C of the bytes of the memory
  /// @param values CRC32C of the values in the order of the parameters: the same in every form
  public record Part(
      List<ParameterSpec> parameters, Optional<PackedLayout> packed, long digest, long values) {
    /// @throws IllegalArgumentException if a dim is negative, there are too many elements, or there
    ///   are more of them in packed matrices than in the parameters
    public Part {
      parameters = List.copyOf(parameters);
      parameters.forEach(Part::requireSize);
      long _ = bytes(parameters, packed);
    }

    /// A part whose parameters lie one after the other.
    public static Part plain(List<ParameterSpec> parameters, long digest) {
      return new Part(parameters, Optional.empty(), digest, digest);
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

    private static long bytes(List<ParameterSpec> parameters, Optional<PackedLayout> packed) {
      long elements = parameters.stream().mapToLong(ParameterSpec::size).sum();
      return packed
          .map(layout -> bytes(elements, layout))
          .orElse(Math.multiplyExact(elements, Float.BYTES));
    }

    private static long bytes(long elements, PackedLayout packed) {
      try {
        long others = Math.subtractExact(elements, elements(packed));
        if (others < 0) {
          throw new IllegalArgumentException(
              "packed matrices must be made of the parameters: elements=%d packed=%s"
                  .formatted(elements, packed));
        }
        return Math.addExact(packed.bytes(), Float.BYTES * others);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "packed matrices must have at most 2^63 - 1 bytes: packed=" + packed, e);
      }
    }

    private static long elements(PackedLayout packed) {
      return packed.matrices().stream()
          .mapToLong(matrix -> (long) matrix.outputs() * matrix.inputs())
          .reduce(0, Math::addExact);
    }

    /// Whether another part has the same bytes, by their sums in the order of the memory and in
    /// that of the parameters.
    public boolean hasContentOf(Part other) {
      return digest == other.digest
          && values == other.values
          && bytes() == other.bytes()
          && packed.equals(other.packed);
    }

    private boolean mayLieAs(Part other) {
      return digest == other.digest || !packed.equals(other.packed);
    }

    /// Bytes of the values in memory; none for a part without parameters.
    public long bytes() {
      return bytes(parameters, packed);
    }

    /// Bytes of the memory: there is none of no bytes.
    public long memory() {
      return Published.memory(bytes());
    }
  }

  /// Weights with which their publisher computed nothing.
  public Manifest(String set, long version, List<Part> parts) {
    this(set, version, parts, Optional.empty());
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

  /// A part of the model in the form in which it was published.
  ///
  /// @param own that part as this process would pack it
  /// @throws WeightsException if it was packed as other matrices, or not at all
  PackedPart formOf(int part, PackedPart own) {
    Optional<PackedLayout> packed = parts.get(part).packed();
    return packed
        .map(layout -> own.as(layout.format(), layout.columns()))
        .filter(same -> packed.equals(Optional.of(same.packed())))
        .orElseThrow(() ->
            new WeightsException(
                "packed weights must have the matrices of the model: set=%s version=%d part=%d published=%s model=%s; let publisher and reader be of one build"
                    .formatted(set, version, part, packed, own.packed())));
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

  /// Whether another manifest says that the values are these, and of parts in the same form also
  /// the memory.
  boolean hasContentOf(Manifest other) {
    return digests().equals(other.digests())
        && IntStream.range(0, parts.size())
            .allMatch(part -> parts.get(part).mayLieAs(other.parts.get(part)));
  }

  /// The digests of the memory of the parts.
  List<Long> memoryDigests() {
    return parts.stream().map(Part::digest).toList();
  }

  /// The digests of the values of the parts.
  public List<Long> digests() {
    return parts.stream().map(Part::values).toList();
  }
}
