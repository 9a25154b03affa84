package dev.burnish.sharding;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A box copied from one row-major part of a tensor to another: runs of elements that follow each
/// other on both sides, as long as they can be, within loops over those that do not.
///
/// Offsets and strides count elements. Immutable.
public final class StridedCopy {
  private final long sourceOffset;
  private final long targetOffset;
  private final long run;
  private final List<Loop> loops;

  /// Repeats what is within it.
  private record Loop(long count, long sourceStride, long targetStride) {
    /// Whether a loop around this one is the same as more repetitions of this one.
    boolean isContinuedBy(long sourceStride, long targetStride) {
      return count * this.sourceStride == sourceStride && count * this.targetStride == targetStride;
    }

    Loop times(long more) {
      return new Loop(count * more, sourceStride, targetStride);
    }
  }

  private StridedCopy(long sourceOffset, long targetOffset, long run, List<Loop> loops) {
    this.sourceOffset = sourceOffset;
    this.targetOffset = targetOffset;
    this.run = run;
    this.loops = loops;
  }

  /// @param piece to be copied, not empty, within both parts
  public static StridedCopy of(Box piece, Box source, Box target) {
    long sourceStride = 1;
    long targetStride = 1;
    long sourceOffset = 0;
    long targetOffset = 0;
    long run = 1;
    List<Loop> inward = new ArrayList<>();
    for (int dim = piece.numDims() - 1; dim >= 0; dim--) {
      long count = piece.size(dim);
      sourceOffset += (piece.start(dim) - source.start(dim)) * sourceStride;
      targetOffset += (piece.start(dim) - target.start(dim)) * targetStride;
      if (inward.isEmpty() && run == sourceStride && run == targetStride) {
        run *= count;
      } else if (count > 1) {
        add(inward, new Loop(count, sourceStride, targetStride));
      }
      sourceStride *= source.size(dim);
      targetStride *= target.size(dim);
    }
    Collections.reverse(inward);
    return new StridedCopy(sourceOffset, targetOffset, run, List.copyOf(inward));
  }

  private static void add(List<Loop> loops, Loop outer) {
    if (!loops.isEmpty()
        && loops.getLast().isContinuedBy(outer.sourceStride(), outer.targetStride())) {
      loops.addLast(loops.removeLast().times(outer.count()));
    } else {
      loops.addLast(outer);
    }
  }

  /// The number of elements that follow each other on both sides.
  public long run() {
    return run;
  }

  /// The number of runs.
  public long numRuns() {
    return loops.stream().mapToLong(Loop::count).reduce(1, (a, b) -> a * b);
  }

  public long numElements() {
    return run * numRuns();
  }

  /// The first element in the source's part. A copy of one run has all elements from there on.
  public long sourceOffset() {
    return sourceOffset;
  }

  /// The element after the last in the source's part.
  public long sourceEnd() {
    return sourceOffset
        + run
        + loops.stream().mapToLong(loop -> (loop.count() - 1) * loop.sourceStride()).sum();
  }

  /// The first element in the target's part.
  public long targetOffset() {
    return targetOffset;
  }

  /// Runs that are equally far from each other on both sides: the innermost loop.
  public record Band(
      long sourceOffset,
      long targetOffset,
      long run,
      long count,
      long sourceStride,
      long targetStride) {}

  /// The innermost loops: together all of it.
  public List<Band> bands() {
    List<Band> bands = new ArrayList<>();
    addBands(0, sourceOffset, targetOffset, bands);
    return bands;
  }

  private void addBands(int depth, long from, long to, List<Band> bands) {
    if (depth >= loops.size() - 1) {
      Loop loop = innermost();
      bands.add(new Band(from, to, run, loop.count(), loop.sourceStride(), loop.targetStride()));
      return;
    }
    Loop loop = loops.get(depth);
    for (long i = 0; i < loop.count(); i++) {
      addBands(depth + 1, from + i * loop.sourceStride(), to + i * loop.targetStride(), bands);
    }
  }

  private Loop innermost() {
    return loops.isEmpty() ? new Loop(1, run, run) : loops.getLast();
  }

  /// Copies.
  ///
  /// @param source the source's part
  /// @param target the target's part
  /// @param elementBytes size of an element
  /// @throws IndexOutOfBoundsException if a part is smaller than its box
  public void copy(MemorySegment source, MemorySegment target, int elementBytes) {
    loop(
        0,
        new Side(source, elementBytes, sourceOffset),
        new Side(target, elementBytes, targetOffset));
  }

  /// A position in one of the parts.
  private record Side(MemorySegment memory, int elementBytes, long offset) {
    Side at(long element) {
      return new Side(memory, elementBytes, offset + element);
    }

    long byteOffset() {
      return offset * elementBytes;
    }
  }

  private void loop(int depth, Side source, Side target) {
    if (depth >= loops.size() - 1) {
      copyRuns(source, target);
      return;
    }
    Loop loop = loops.get(depth);
    for (long i = 0; i < loop.count(); i++) {
      loop(depth + 1, source.at(i * loop.sourceStride()), target.at(i * loop.targetStride()));
    }
  }

  /// The innermost loop, if there is one.
  private void copyRuns(Side source, Side target) {
    Loop loop = innermost();
    long from = source.byteOffset();
    long to = target.byteOffset();
    for (long i = 0; i < loop.count(); i++) {
      MemorySegment.copy(source.memory(), from, target.memory(), to, run * source.elementBytes());
      from += loop.sourceStride() * source.elementBytes();
      to += loop.targetStride() * target.elementBytes();
    }
  }
}
