package dev.burnish.train;

import dev.burnish.host.ResidentMemory;
import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.DecoderShape;
import dev.burnish.tensor.Device;
import dev.burnish.train.memory.StepEstimate;
import dev.burnish.train.memory.TrainedBytes;
import java.nio.file.Path;
import java.util.List;

/// The placement of training state, for the memory that training was given.
///
/// @param fused whether each part is updated, and its gradients freed, inside the last backward:
///   possible where nothing has to be known of all gradients before the first update
/// @param momentsInFile whether the optimizer's state lives in a file
/// @param gradientsInFile whether gradients do
/// @param activationBytes most bytes of kept activations; further blocks are computed again
public record MemoryPlan(
    boolean fused, boolean momentsInFile, boolean gradientsInFile, long activationBytes) {
  /// Growth of the process while it runs, in addition to tensors: mostly compiled code.
  private static final long GROWTH = 64L << 20;

  /// @param fusible whether no clipping and no skipping asks for all gradients first
  /// @param device of the model: only state in host memory can be placed in a file
  static MemoryPlan of(MemoryConfig config, TrainedBytes bytes, boolean fusible, Device device) {
    if (!device.equals(Device.CPU)) {
      config.requireNothingInFiles(device);
      return new MemoryPlan(fusible, false, false, Math.max(0, available() / 2));
    }
    boolean offload = config.offloads(bytes.moments());
    if (config.budget() == 0) {
      long left = available() - (offload ? 0 : bytes.moments()) - (fusible ? 0 : bytes.gradients());
      return new MemoryPlan(fusible, offload, false, Math.max(0, left / 2));
    }
    long left = config.budget() - resident() - GROWTH;
    boolean moments = offload || !enough(left - bytes.moments(), bytes);
    moments &= config.offload() != MemoryConfig.Offload.NEVER;
    left -= moments ? 0 : bytes.moments();
    boolean gradients =
        !fusible && !enough(left, bytes) && config.offload() != MemoryConfig.Offload.NEVER;
    long needed = fusible || gradients ? bytes.largestPart() : bytes.gradients();
    return new MemoryPlan(fusible, moments, gradients, Math.max(0, left - needed));
  }

  /// The plan for state in memory that other processes hold too: nothing of it is in a file or
  /// freed within a backward.
  ///
  /// @throws IllegalArgumentException if state is asked to be in a file, or the model is not on the
  ///   CPU
  static MemoryPlan recoverable(MemoryConfig config, TrainedBytes bytes, Device device) {
    if (config.offload() == MemoryConfig.Offload.ALWAYS || !device.equals(Device.CPU)) {
      throw new IllegalArgumentException(
          "the state of a recoverable trainer is in shared memory, for a model on the CPU: train.memory.offload=%s device=%s; set offload=AUTO"
              .formatted(config.offload(), device));
    }
    long state = bytes.moments() + bytes.gradients();
    long left =
        config.budget() == 0
            ? (available() - state) / 2
            : config.budget() - resident() - GROWTH - state;
    return new MemoryPlan(false, false, false, Math.max(0, left));
  }

  /// Room for all gradients, and as much as the weights take for a pass.
  private static boolean enough(long left, TrainedBytes bytes) {
    return left > bytes.gradients() + bytes.weights();
  }

  /// The moments of an optimizer, where the plan has them.
  ///
  /// @param folder for a file
  Moments moments(List<List<ParameterRules.Run>> runs, Path folder, Device device) {
    return momentsInFile ? Moments.inFile(runs, folder) : Moments.inMemory(runs, device);
  }

  ActivationPolicy policy() {
    return ActivationPolicy.withinBytes(activationBytes);
  }

  /// The cost of a step over these micro-batches under this plan.
  StepEstimate estimate(
      DecoderShape shape,
      TrainedBytes bytes,
      ActivationPolicy policy,
      List<MicroBatch> batches,
      double forwardSeconds) {
    List<StepEstimate.MicroBatchSize> micros =
        batches.stream()
            .map(b ->
                new StepEstimate.MicroBatchSize(b.tokens().numTokens(), b.tokens().numTargets()))
            .toList();
    return StepEstimate.of(
        shape,
        new StepEstimate.Plan(fused, gradientsInFile, momentsInFile, bytes, policy),
        micros,
        forwardSeconds);
  }

  /// 0 on a system that does not report it: then the estimate leaves the process itself out.
  private static long resident() {
    return ResidentMemory.now().orElse(0);
  }

  private static long available() {
    return ResidentMemory.available().orElseGet(() -> Runtime.getRuntime().maxMemory());
  }
}
