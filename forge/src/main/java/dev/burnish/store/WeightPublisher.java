package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Team;
import dev.burnish.link.Region;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.Weights;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Writes versions of a trainer's weights to memory that other processes read, each once, with the
/// digest of each part. A part whose values are those of the version before is not written again,
/// and memory that nobody holds any more is written again.
///
/// For the process that has the weights; what it returns is given to a [WeightKeeper] or a
/// [WeightStore]. Nothing is visible before, so a process that dies while it writes leaves nothing,
/// and its successor publishes the same version with the same digests. One call at a time.
///
/// Fault points: `publish.part` before each part is written, `publish.written` after the last.
public final class WeightPublisher implements AutoCloseable {
  private final String set;
  private final Optional<Published> like;
  private final WeightMemory memory = new WeightMemory();
  private Optional<Published> latest = Optional.empty();

  /// @param set the name of the weights, such as `policy`
  public WeightPublisher(String set) {
    this(set, Optional.empty());
  }

  /// A publisher of weights that are the same as others in some parts: those are not written again.
  ///
  /// @param set the name of the weights
  /// @param like others with their parts in the same order, open while this publishes
  public WeightPublisher(String set, Optional<Published> like) {
    this.set = set;
    this.like = like;
  }

  /// Writes the weights as the version that they have; the same version again is not written again.
  ///
  /// @param weights in host memory, which nobody changes meanwhile
  /// @return to be closed by the caller, or given away as the result of an endpoint
  /// @throws IllegalArgumentException if the version is older than the latest
  public Published publish(Weights weights) {
    if (latest.filter(known -> known.version() == weights.version()).isPresent()) {
      return latest.get().share();
    }
    latest.ifPresent(known -> requireLater(weights.version(), known.version()));
    Published next = write(weights);
    latest.ifPresent(known -> giveBack(known.parts(), next.parts()));
    latest = Optional.of(next);
    return next.share();
  }

  private void requireLater(long version, long known) {
    if (version < known) {
      throw new IllegalArgumentException(
          "versions must be published in order: set=%s version=%d latest=%d; publish an earlier state by a publisher of its own"
              .formatted(set, version, known));
    }
  }

  private void giveBack(List<Region> before, List<Region> kept) {
    before.stream().filter(region -> !kept.contains(region)).forEach(memory::giveBack);
  }

  private Published write(Weights weights) {
    List<Piece> pieces = new ArrayList<>();
    memory.begin();
    try {
      for (int part = 0; part < weights.numParts(); part++) {
        pieces.add(piece(weights, part));
      }
      Team.shared().run(pieces.size(), part -> pieces.get(part).write());
      FaultPoint.reach("publish.written");
    } catch (RuntimeException | Error e) {
      giveBack(
          pieces.stream().map(Piece::region).toList(),
          latest.map(Published::parts).orElseGet(List::of));
      throw e;
    } finally {
      memory.end();
    }
    List<Manifest.Part> parts =
        IntStream.range(0, pieces.size())
            .mapToObj(i -> pieces.get(i).part(weights.layouts().get(i)))
            .toList();
    return new Published(
        new Manifest(set, weights.version(), parts), pieces.stream().map(Piece::region).toList());
  }

  private Piece piece(Weights weights, int part) {
    MemorySegment values =
        weights.layouts().get(part).size() == 0 ? MemorySegment.NULL : weights.part(part).segment();
    return latest
        .filter(known -> holds(known, part, values))
        .map(known -> Piece.of(known, part))
        .or(() ->
            like.filter(other -> holds(other, part, values)).map(other -> shared(other, part)))
        .orElseGet(() ->
            new Piece(memory.take(Published.memory(values.byteSize())), Optional.of(values), 0));
  }

  private static Piece shared(Published other, int part) {
    Region ignored = other.parts().get(part).share();
    return Piece.of(other, part);
  }

  /// Whether memory has these values; where it has not, the first difference is found soon.
  private static boolean holds(Published known, int part, MemorySegment values) {
    if (part >= known.parts().size()) {
      return false;
    }
    Region region = known.parts().get(part);
    return region.size() == Published.memory(values.byteSize())
        && region.segment().asSlice(0, values.byteSize()).mismatch(values) < 0;
  }

  /// A part: the memory that it lies in, and the values to be written there.
  private static final class Piece {
    private final Region region;
    private final Optional<MemorySegment> values;
    private long digest;

    /// @param values none where the memory has them
    Piece(Region region, Optional<MemorySegment> values, long digest) {
      this.region = region;
      this.values = values;
      this.digest = digest;
    }

    /// A part that has been written.
    static Piece of(Published known, int part) {
      return new Piece(
          known.parts().get(part), Optional.empty(), known.manifest().parts().get(part).digest());
    }

    Region region() {
      return region;
    }

    boolean isNew() {
      return values.isPresent();
    }

    void write() {
      if (isNew()) {
        FaultPoint.reach("publish.part");
        digest = Digest.copy(values.get(), region.segment());
      }
    }

    Manifest.Part part(FlatLayout layout) {
      return new Manifest.Part(Manifest.specs(layout), digest);
    }
  }

  /// Gives up the memory of all versions; others that have handles on it keep it.
  @Override
  public void close() {
    latest.ifPresent(Published::close);
    latest = Optional.empty();
    memory.close();
  }
}
