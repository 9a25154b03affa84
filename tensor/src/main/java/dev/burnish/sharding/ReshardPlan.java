package dev.burnish.sharding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Who reads which elements from whom, so that a tensor of one layout becomes one of another.
///
/// Both layouts are products over the dims, hence so are their overlaps: a rank's part meets a run
/// of the source's parts in each dim, and reads the products of these, each from one of the ranks
/// that have it. Only the overlaps move, and every element is read once by each rank that needs it:
/// [Division] proves that the source's parts tile the tensor, so what a box meets of them tiles the
/// box.
///
/// Readers of the same part take the ranks that have it in turn, and so do tensors, by their
/// number. Reads are made when they are first asked for, and kept. Thread-safe.
public final class ReshardPlan {
  private final Layout source;
  private final Layout target;
  private final List<Division> sourceDivisions;
  private final List<Division> targetDivisions;
  private final int[] sourceReplicas;
  private final Map<Long, List<Read>> kept = new ConcurrentHashMap<>();

  private ReshardPlan(Layout source, Layout target) {
    this.source = source;
    this.target = target;
    this.sourceDivisions = divisions(source);
    this.targetDivisions = divisions(target);
    this.sourceReplicas = replicas(source);
  }

  /// @throws IllegalArgumentException if the layouts are not of the same shape
  public static ReshardPlan between(Layout source, Layout target) {
    if (!source.shape().equals(target.shape())) {
      throw new IllegalArgumentException(
          "a tensor must keep its shape when it is sharded otherwise: source=%s target=%s"
              .formatted(source, target));
    }
    return new ReshardPlan(source, target);
  }

  private static List<Division> divisions(Layout layout) {
    List<Division> divisions = new ArrayList<>();
    for (int dim = 0; dim < layout.shape().size(); dim++) {
      divisions.add(Division.of(layout, dim));
    }
    return List.copyOf(divisions);
  }

  /// The ranks that have the same part, relative to the first of them.
  private static int[] replicas(Layout layout) {
    int[] offsets = {0};
    for (int axis : layout.replicatedAxes()) {
      int stride = layout.mesh().stride(axis);
      int[] known = offsets;
      int size = layout.mesh().axes().get(axis).size();
      offsets = new int[known.length * size];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = known[i / size] + i % size * stride;
      }
    }
    return offsets;
  }

  public Layout source() {
    return source;
  }

  public Layout target() {
    return target;
  }

  /// The ranks that have the same part as a rank of the source, in order.
  public List<Integer> replicasOf(int sourceRank) {
    int[] coordinates = source.mesh().coordinates(sourceRank);
    int first = sourceRank;
    for (int axis : source.replicatedAxes()) {
      first -= coordinates[axis] * source.mesh().stride(axis);
    }
    int base = first;
    return Arrays.stream(sourceReplicas).mapToObj(offset -> base + offset).toList();
  }

  /// The reads of a rank of the target: together its part, no element more than once.
  ///
  /// @param turn the number of the tensor among those that are read together
  public List<Read> reads(int targetRank, int turn) {
    int offset = Math.floorMod(turn, sourceReplicas.length);
    return kept.computeIfAbsent(
        (long) targetRank * sourceReplicas.length + offset,
        _ -> Overlaps.of(this, target.box(targetRank), offset, targetReplica(targetRank)));
  }

  /// The reads of a box of the tensor, whoever reads it.
  ///
  /// @throws IllegalArgumentException if the box is not one of the tensor
  public List<Read> readsOf(Box box, int turn) {
    if (!box.isWithin(source.shape())) {
      throw new IllegalArgumentException(
          "a slice must be within the tensor: slice=%s shape=%s".formatted(box, source.shape()));
    }
    return Overlaps.of(this, box, Math.floorMod(turn, sourceReplicas.length), 0);
  }

  private int targetReplica(int rank) {
    int[] coordinates = target.mesh().coordinates(rank);
    int replica = 0;
    for (int axis : target.replicatedAxes()) {
      replica = replica * target.mesh().axes().get(axis).size() + coordinates[axis];
    }
    return replica;
  }

  private int numTargetReplicas() {
    return Arrays.stream(target.replicatedAxes())
        .map(axis -> target.mesh().axes().get(axis).size())
        .reduce(1, (a, b) -> a * b);
  }

  /// The reads of one rank, while they are made: a product over the dims.
  private static final class Overlaps {
    private final ReshardPlan plan;
    private final Box part;
    private final int turn;
    private final int targetReplica;
    private final int[] parts;
    private final List<Read> reads = new ArrayList<>();

    private Overlaps(ReshardPlan plan, Box part, int turn, int targetReplica) {
      this.plan = plan;
      this.part = part;
      this.turn = turn;
      this.targetReplica = targetReplica;
      this.parts = new int[part.numDims()];
    }

    static List<Read> of(ReshardPlan plan, Box part, int turn, int targetReplica) {
      Overlaps overlaps = new Overlaps(plan, part, turn, targetReplica);
      if (!part.isEmpty()) {
        overlaps.add(0);
      }
      return List.copyOf(overlaps.reads);
    }

    private void add(int dim) {
      if (dim == parts.length) {
        reads.add(read());
        return;
      }
      Division division = plan.sourceDivisions.get(dim);
      int last = division.partOf(part.end(dim) - 1);
      for (int i = division.partOf(part.start(dim)); i <= last; i++) {
        parts[dim] = i;
        add(dim + 1);
      }
    }

    private Read read() {
      List<Long> starts = new ArrayList<>(parts.length);
      List<Long> sizes = new ArrayList<>(parts.length);
      List<Long> sourceStarts = new ArrayList<>(parts.length);
      List<Long> sourceSizes = new ArrayList<>(parts.length);
      int rank = 0;
      for (int dim = 0; dim < parts.length; dim++) {
        Division division = plan.sourceDivisions.get(dim);
        long from = division.start(parts[dim]);
        long to = division.end(parts[dim]);
        rank += division.rankOffset(parts[dim]);
        sourceStarts.add(from);
        sourceSizes.add(to - from);
        long start = Math.max(from, part.start(dim));
        starts.add(start);
        sizes.add(Math.min(to, part.end(dim)) - start);
      }
      Box box = new Box(starts, sizes);
      StridedCopy copy = StridedCopy.of(box, new Box(sourceStarts, sourceSizes), part);
      return new Read(rank + replica(), box, copy);
    }

    /// Parts begin with different replicas, and each one's readers take them in turn.
    private int replica() {
      int numReplicas = plan.sourceReplicas.length;
      if (numReplicas == 1) {
        return 0;
      }
      long number = 0;
      long reader = 0;
      for (int dim = 0; dim < parts.length; dim++) {
        Division division = plan.sourceDivisions.get(dim);
        Division readers = plan.targetDivisions.get(dim);
        int first = readers.partOf(division.start(parts[dim]));
        int last = readers.partOf(division.end(parts[dim]) - 1);
        number = number * division.numParts() + parts[dim];
        reader = reader * (last - first + 1) + readers.partOf(part.start(dim)) - first;
      }
      reader = reader * plan.numTargetReplicas() + targetReplica;
      return plan.sourceReplicas[Math.floorMod(number + reader + turn, numReplicas)];
    }
  }
}
