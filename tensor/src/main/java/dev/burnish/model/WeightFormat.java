package dev.burnish.model;

import dev.burnish.gguf.GgufFile;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The format in which a model's weights were stored, so that saving keeps it: their types, the
/// file's description, and its tensors other than the parameters.
///
/// @param dtypes by name, of parameters and of a head that repeats the embedding; F32 where absent
/// @param extras old rotary tables, which follow from `config.json`
record WeightFormat(
    Map<String, String> metadata, Map<String, DType> dtypes, List<StoredTensor> extras) {
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final String ROTARY = "rotary_emb.inv_freq";

  /// Largest file of weights; a model above it is written in shards with an index.
  private static final long SHARD_BYTES = 5_000_000_000L;

  WeightFormat {
    metadata = Map.copyOf(metadata);
    dtypes = Map.copyOf(dtypes);
    extras = List.copyOf(extras);
  }

  /// F32, as for a model that never was in a file.
  static WeightFormat plain() {
    return new WeightFormat(Map.of("format", "pt"), Map.of(), List.of());
  }

  /// The format of a checkpoint. Weights of a GGUF file count as F32.
  static WeightFormat of(Checkpoint weights) {
    if (weights instanceof GgufFile) {
      return plain();
    }
    Map<String, DType> dtypes = new HashMap<>();
    List<StoredTensor> extras = new ArrayList<>();
    for (String name : weights.names()) {
      if (name.endsWith(ROTARY)) {
        StoredTensor mapped = weights.get(name);
        byte[] bytes = mapped.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        extras.add(
            new StoredTensor(name, mapped.dtype(), mapped.shape(), MemorySegment.ofArray(bytes)));
      } else if (weights.dtype(name).isFloatingPoint()) {
        dtypes.put(name, weights.dtype(name));
      }
    }
    return new WeightFormat(weights.description(), dtypes, extras);
  }

  /// The type that `config.json` has to name, if it has changed since the model was loaded.
  Optional<DType> changed(Optional<DType> asked) {
    return asked.or(() -> dtypes.isEmpty() ? Optional.of(DType.F32) : Optional.empty());
  }

  /// Whether the file has a head of its own although the configuration ties it to the embedding.
  /// The original library then leaves them untied.
  static boolean hasOwnHead(Checkpoint weights) {
    return weights.contains(HEAD)
        && weights.contains(EMBEDDING)
        && (weights.dtype(HEAD) != weights.dtype(EMBEDDING)
            || weights.get(HEAD).data().mismatch(weights.get(EMBEDDING).data()) >= 0);
  }

  /// Fills a decoder with the weights of a checkpoint.
  ///
  /// @param where names the model in messages
  /// @throws IllegalArgumentException if one is missing, unknown, or of another shape
  static void read(Checkpoint weights, Decoder decoder, Path where) {
    Map<String, Parameters> parts = decoder.partByName();
    for (String name : weights.names()) {
      if (!parts.containsKey(name) && !name.equals(HEAD) && !name.endsWith(ROTARY)) {
        throw new IllegalArgumentException(
            "%s: the weights have a tensor that this architecture does not: name=%s"
                .formatted(where, name));
      }
    }
    parts.forEach((name, part) -> {
      String source = name.equals(EMBEDDING) && !weights.contains(name) ? HEAD : name;
      read(weights, source, name, part, where);
    });
  }

  /// Reads one parameter.
  ///
  /// @param stored its name in the checkpoint
  static void read(Checkpoint weights, String stored, String name, Parameters part, Path where) {
    requireShape(weights, stored, part.layout().spec(name).shape(), where);
    try (Tensor run =
        part.values().narrow(0, part.layout().offset(name), part.layout().spec(name).size())) {
      weights.copyTo(stored, run.segment());
    }
  }

  private static void requireShape(Checkpoint weights, String name, long[] shape, Path where) {
    if (!weights.contains(name)) {
      throw new IllegalArgumentException(
          "%s: the weights lack a tensor: name=%s".formatted(where, name));
    }
    if (!Arrays.equals(shape, weights.shape(name))) {
      throw new IllegalArgumentException(
          "%s: a tensor has the shape that the configuration says: name=%s shape=%s expected=%s"
              .formatted(
                  where, name, Arrays.toString(weights.shape(name)), Arrays.toString(shape)));
    }
  }

  /// Writes the weights of a decoder to a folder.
  ///
  /// @param asked the type of all tensors; if empty, each one's own
  void write(Decoder decoder, Path folder, Optional<DType> asked) {
    List<StoredTensor> tensors = new ArrayList<>(extras);
    Map<String, DType> targets = new HashMap<>(dtypes);
    try (TensorScope _ = TensorScope.open()) {
      Map<String, Parameters> parts = decoder.partByName();
      parts.forEach((name, part) -> tensors.add(stored(name, name, part)));
      if (dtypes.containsKey(HEAD) && !parts.containsKey(HEAD)) {
        tensors.add(stored(HEAD, EMBEDDING, decoder.part(EMBEDDING)));
      }
      asked.ifPresent(dtype -> tensors.forEach(tensor -> targets.put(tensor.name(), dtype)));
      SafetensorsWriter.writeSharded(folder, tensors, targets, metadata, SHARD_BYTES);
    }
  }

  /// One parameter as it is stored, a view where the model is in host memory.
  static StoredTensor stored(String name, String parameter, Parameters part) {
    return new StoredTensor(
        name,
        DType.F32,
        part.layout().spec(parameter).shape(),
        part.values()
            .to(Device.CPU)
            .narrow(0, part.layout().offset(parameter), part.layout().spec(parameter).size())
            .segment());
  }
}
