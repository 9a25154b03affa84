package dev.burnish.train;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.DecoderShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What training keeps where, for the memory it was given.
///
/// @param fused whether each part is updated, and its gradients freed, inside the last backward:
///   possible where nothing has to be known of all gradients before the first update
/// @param momentsInFile whether the optimizer's state lives in a file
/// @param gradientsInFile whether gradients do
/// @param activationBytes what kept activations may take; further blocks are computed again
/// @param recomputeEvery one block in so many is computed again in any case; 0 for none
public record MemoryPlan(
    boolean fused,
    boolean momentsInFile,
    boolean gradientsInFile,
    long activationBytes,
    int recomputeEvery) {
  /// What the process grows by while it runs, beside tensors: compiled code above all.
  private static final long GROWTH = 64L << 20;

  /// @param fusible whether no clipping and no skipping asks for all gradients first
  /// @param momentBytes of the optimizer's state
  static MemoryPlan of(MemoryConfig config, DecoderShape shape, boolean fusible, long momentBytes) {
    boolean offload = config.offloads(momentBytes);
    long parameters = Sizes.parameterBytes(shape);
    if (config.budget() == 0) {
      long left = available() - (offload ? 0 : momentBytes) - (fusible ? 0 : parameters);
      return new MemoryPlan(fusible, offload, false, Math.max(0, left / 2), offload ? 6 : 0);
    }
    long left = config.budget() - resident() - GROWTH;
    boolean moments = offload || !enough(left - momentBytes, parameters);
    moments &= config.offload() != MemoryConfig.Offload.NEVER;
    left -= moments ? 0 : momentBytes;
    boolean gradients =
        !fusible && !enough(left, parameters) && config.offload() != MemoryConfig.Offload.NEVER;
    long needed = fusible || gradients ? Sizes.largestPart(shape) : parameters;
    return new MemoryPlan(fusible, moments, gradients, Math.max(0, left - needed), 0);
  }

  /// Room for all gradients and as much again for a pass.
  private static boolean enough(long left, long parameters) {
    return left > 2 * parameters;
  }

  ActivationPolicy policy() {
    ActivationPolicy within = ActivationPolicy.withinBytes(activationBytes);
    return recomputeEvery == 0
        ? within
        : (block, blocks, bytes) ->
            block % recomputeEvery != 0 && within.keeps(block, blocks, bytes);
  }

  /// Bytes of this process in memory.
  static long resident() {
    return kilobytes(Path.of("/proc/self/status"), "VmRSS:");
  }

  /// Bytes that could be had without pushing anything out.
  private static long available() {
    return kilobytes(Path.of("/proc/meminfo"), "MemAvailable:");
  }

  /// 0 on a system that has no such file: then the estimate leaves the process itself out.
  private static long kilobytes(Path file, String key) {
    if (!Files.isReadable(file)) {
      return key.equals("MemAvailable:") ? Runtime.getRuntime().maxMemory() : 0;
    }
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(key))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }
}
