package dev.burnish.train.memory;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.BlockShape;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.Pass;
import dev.burnish.nn.SavedActivations;
import java.util.List;

/// The cost of a training step, from shapes alone.
///
/// A step has two peaks: when the backward begins, with all activations and few gradients, and when
/// it ends, with all gradients and few activations. Where several micro-batches add up, all
/// gradients are there from the second one on.
///
/// @param tokens of the step, as are `targets`
/// @param weights bytes, like all that follows; an adaptation's among them
/// @param moments of the optimizer that are in memory
/// @param momentsInFile those that are not
/// @param gradients that are in memory at once
/// @param activations kept or made again for the backward of the largest micro-batch
/// @param head a chunk of logits and the tensors that belong to it
/// @param peak of weights, moments and all that a step makes
/// @param keptBlocks whose activations are kept
/// @param forwardSeconds measured
public record StepEstimate(
    long tokens,
    long targets,
    long weights,
    long moments,
    long momentsInFile,
    long gradients,
    long activations,
    long head,
    long peak,
    int keptBlocks,
    double forwardSeconds) {
  /// The placement of a trainer's state.
  ///
  /// @param fused whether gradients are freed part by part
  /// @param gradientsInFile whether they are in memory part by part only
  public record Plan(
      boolean fused,
      boolean gradientsInFile,
      boolean momentsInFile,
      TrainedBytes bytes,
      ActivationPolicy policy) {}

  /// The size of one micro-batch.
  public record MicroBatchSize(long tokens, long targets) {}

  /// @param forwardSeconds of all micro-batches
  public static StepEstimate of(
      DecoderShape shape, Plan plan, List<MicroBatchSize> micros, double forwardSeconds) {
    MicroBatchSize largest =
        new MicroBatchSize(
            micros.stream().mapToLong(MicroBatchSize::tokens).max().orElse(0),
            micros.stream().mapToLong(MicroBatchSize::targets).max().orElse(0));
    TrainedBytes bytes = plan.bytes();
    long moments = plan.momentsInFile() ? 0 : bytes.moments();
    long activations = activations(shape, plan.policy(), largest.tokens());
    long head = head(shape, largest);
    boolean whole = !plan.fused() && !plan.gradientsInFile();
    long gradients = whole ? bytes.gradients() : bytes.ends() + bytes.largestBlock();
    boolean several = micros.size() > 1 && !plan.gradientsInFile();
    long atBegin = activations + head + (several ? bytes.gradients() : bytes.ends());
    long atEnd = gradients + inputs(shape, largest.tokens()) / 2;
    return new StepEstimate(
        micros.stream().mapToLong(MicroBatchSize::tokens).sum(),
        micros.stream().mapToLong(MicroBatchSize::targets).sum(),
        bytes.weights(),
        moments,
        plan.momentsInFile() ? bytes.moments() : 0,
        several ? bytes.gradients() : gradients,
        activations,
        head,
        bytes.weights() + moments + Math.max(atBegin, atEnd),
        kept(shape, plan.policy(), largest.tokens()),
        forwardSeconds);
  }

  /// The input of every block, the output of the last, and its gradient.
  private static long inputs(DecoderShape shape, long tokens) {
    return 4L * (shape.blocks().size() + 2) * tokens * shape.hidden();
  }

  private static long activations(DecoderShape shape, ActivationPolicy policy, long tokens) {
    long bytes = inputs(shape, tokens);
    long again = 0;
    for (int i = 0; i < shape.blocks().size(); i++) {
      BlockShape block = shape.blocks().get(i);
      long saved = SavedActivations.bytesPerToken(block) * tokens;
      long temporary = Sizes.temporaries(block) * tokens;
      boolean keeps = policy.keeps(i, shape.blocks().size(), saved);
      bytes += keeps ? saved : 0;
      again = Math.max(again, temporary + (keeps ? 0 : saved));
    }
    return bytes + again;
  }

  private static int kept(DecoderShape shape, ActivationPolicy policy, long tokens) {
    int kept = 0;
    for (int i = 0; i < shape.blocks().size(); i++) {
      long saved = SavedActivations.bytesPerToken(shape.blocks().get(i)) * tokens;
      kept += policy.keeps(i, shape.blocks().size(), saved) ? 1 : 0;
    }
    return kept;
  }

  private static long head(DecoderShape shape, MicroBatchSize micro) {
    long rows = Math.min(micro.targets(), Pass.chunkRows(shape.headWidth()));
    return 4 * (rows * shape.headWidth() + 2 * micro.targets() * shape.hidden());
  }

  /// This update and the next of the same trainer in one step.
  public StepEstimate then(StepEstimate next) {
    return new StepEstimate(
        tokens + next.tokens,
        targets + next.targets,
        weights,
        moments,
        momentsInFile,
        Math.max(gradients, next.gradients),
        Math.max(activations, next.activations),
        Math.max(head, next.head),
        Math.max(peak, next.peak),
        Math.min(keptBlocks, next.keptBlocks),
        forwardSeconds + next.forwardSeconds);
  }

  /// The memory of this trainer and another one that take turns: both have their state, and one at
  /// a time what a step makes. Tokens and seconds are of both.
  public StepEstimate besides(StepEstimate other) {
    long made = Math.max(peak - weights - moments, other.peak - other.weights - other.moments);
    return new StepEstimate(
        tokens + other.tokens,
        targets + other.targets,
        weights + other.weights,
        moments + other.moments,
        momentsInFile + other.momentsInFile,
        Math.max(gradients, other.gradients),
        Math.max(activations, other.activations),
        Math.max(head, other.head),
        weights + moments + other.weights + other.moments + made,
        Math.min(keptBlocks, other.keptBlocks),
        forwardSeconds + other.forwardSeconds);
  }

  /// Seconds of a step: a backward takes twice its forward, and blocks that are not kept repeat
  /// their forward.
  public double seconds(int numBlocks) {
    return forwardSeconds * (3 + (double) (numBlocks - keptBlocks) / numBlocks);
  }
}
