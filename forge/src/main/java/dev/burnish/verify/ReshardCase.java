package dev.burnish.verify;

import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Placement;
import dev.burnish.store.tensors.TensorSpec;
import dev.burnish.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/// A tensor of known values that goes from one layout to another.
///
/// @param source the type of the tensor, and the layout in which it is put
/// @param target the layout in which it is read
/// @param digests SHA-256 of the bytes of each rank's part in the target
record ReshardCase(String name, TensorSpec source, Layout target, List<String> digests) {
  /// Enough to be a mesh; each rank has memory of its own.
  private static final int MAX_RANKS = 4096;

  private static final long MAX_BYTES = 1L << 32;
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  /// The cases of a file.
  ///
  /// @throws IllegalArgumentException naming the case and what is wrong with it
  static List<ReshardCase> read(Path file) {
    JsonNode cases = Recorded.read(file);
    if (!cases.isArray()) {
      throw new IllegalArgumentException(
          "cases of resharding must be a JSON list: file=%s; see docs/verify.md for the schema"
              .formatted(file));
    }
    return IntStream.range(0, cases.size())
        .mapToObj(number -> new Reader(file, number, cases.get(number)).read())
        .toList();
  }

  /// Reads a case; errors name it.
  private record Reader(Path file, int number, JsonNode json) {
    ReshardCase read() {
      try {
        List<Long> shape = list(member(json, "shape"), "shape").stream().map(this::size).toList();
        TensorSpec source =
            new TensorSpec(dtype(member(json, "dtype")), layout(shape, member(json, "source")));
        Layout target = layout(shape, member(json, "target"));
        List<String> digests =
            list(member(json, "sha256"), "sha256").stream().map(this::digest).toList();
        requireSizes(source, target, digests);
        return new ReshardCase(text(member(json, "name"), "name"), source, target, digests);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s: file=%s case=%d name=%s; see docs/verify.md for the schema"
                .formatted(e.getMessage(), file, number, json.path("name")),
            e);
      }
    }

    private void requireSizes(TensorSpec source, Layout target, List<String> digests) {
      if (source.layout().numElements() * source.dtype().bytes() > MAX_BYTES) {
        throw new IllegalArgumentException(
            "a tensor must have at most 2^32 bytes here: shape=" + target.shape());
      }
      for (Layout layout : List.of(source.layout(), target)) {
        if (layout.numRanks() > MAX_RANKS) {
          throw new IllegalArgumentException(
              "a mesh must have at most %d ranks here: mesh=%s"
                  .formatted(MAX_RANKS, layout.mesh()));
        }
      }
      if (digests.size() != target.numRanks()) {
        throw new IllegalArgumentException(
            "sha256 must have one digest per rank of the target: sha256=%d ranks=%d"
                .formatted(digests.size(), target.numRanks()));
      }
    }

    private Layout layout(List<Long> shape, JsonNode json) {
      int[] mesh =
          list(member(json, "mesh"), "mesh").stream()
              .mapToInt(size -> Math.toIntExact(Math.min(size(size), Integer.MAX_VALUE)))
              .toArray();
      List<Placement> placements =
          list(member(json, "placements"), "placements").stream().map(this::placement).toList();
      return new Layout(shape, DeviceMesh.of(mesh), placements);
    }

    private Placement placement(JsonNode json) {
      return Placement.parse(text(json, "placements"))
          .orElseThrow(() ->
              new IllegalArgumentException(
                  "a placement must be S and a dim, or R: placement=" + json));
    }

    private DType dtype(JsonNode json) {
      return DType.ofName(text(json, "dtype"))
          .orElseThrow(() ->
              new IllegalArgumentException(
                  "dtype must be one of %s: dtype=%s".formatted(List.of(DType.values()), json)));
    }

    private String digest(JsonNode json) {
      String digest = text(json, "sha256");
      if (!DIGEST.matcher(digest).matches()) {
        throw new IllegalArgumentException(
            "a digest must be 64 hexadecimal digits in lower case: sha256=" + json);
      }
      return digest;
    }

    private long size(JsonNode json) {
      if (!json.isIntegralNumber() || !json.canConvertToLong()) {
        throw new IllegalArgumentException("a size must be an integer: size=" + json);
      }
      return json.asLong();
    }

    private String text(JsonNode json, String member) {
      if (!json.isString()) {
        throw malformed(member, "a string", json);
      }
      return json.asString();
    }

    private List<JsonNode> list(JsonNode json, String member) {
      if (!json.isArray()) {
        throw malformed(member, "a list", json);
      }
      return new ArrayList<>(json.valueStream().toList());
    }

    private JsonNode member(JsonNode json, String name) {
      JsonNode value = json.get(name);
      if (value == null) {
        throw malformed(name, "there", json);
      }
      return value;
    }

    private static IllegalArgumentException malformed(
        String member, String expected, JsonNode json) {
      String text = json.toString();
      return new IllegalArgumentException(
          "%s of a case must be %s: json=%s"
              .formatted(member, expected, text.substring(0, Math.min(100, text.length()))));
    }
  }
}
