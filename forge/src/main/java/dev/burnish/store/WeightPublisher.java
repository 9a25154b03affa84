package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Team;
import dev.burnish.link.Region;
import dev.burnish.nn.Canary;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.Weights;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
  private final Function<Weights, List<PartForm>> forms;
  private final Optional<Published> like;
  private final WeightMemory memory = new WeightMemory(Region::allocateInPlace);
  private Optional<Published> latest = Optional.empty();

  private WeightPublisher(
      String set, Function<Weights, List<PartForm>> forms, Optional<Published> like) {
    this.set = set;
    this.forms = forms;
    this.like = like;
  }

  /// A publisher of weights as they are.
  ///
  /// @param set the name of the weights, such as `policy`
  public WeightPublisher(String set) {
    this(set, Optional.empty());
  }

  /// A publisher of weights that are the same as others in some parts: those are not written again.
  ///
  /// @param set the name of the weights
  /// @param like others with their parts in the same order, as they are, open while this publishes
  public WeightPublisher(String set, Optional<Published> like) {
    this(set, WeightPublisher::plain, like);
  }

  /// A publisher of weights that it packs, so that the generators of this host read them in place:
  /// of one copy, however many they are.
  ///
  /// @param set the name of the weights
  /// @param model its parts, as the kernels of this machine read them
  public static WeightPublisher packed(String set, List<PackedPart> model) {
    List<PartForm> forms = model.stream().<PartForm>map(PartForm.Packed::new).toList();
    return new WeightPublisher(set, _ -> forms, Optional.empty());
  }

  private static List<PartForm> plain(Weights weights) {
    return weights.layouts().stream().<PartForm>map(PartForm.Plain::new).toList();
  }

  /// Writes the weights as the version that they have; the same version again is not written again.
  ///
  /// @param weights in host memory, which nobody changes meanwhile
  /// @return to be closed by the caller, or given away as the result of an endpoint
  /// @throws IllegalArgumentException if the version is older than the latest
  public Published publish(Weights weights) {
    return publish(weights, Optional.empty());
  }

  /// The same with what the publisher computed with the weights, for those who use them to compare.
  ///
  /// @param canary under these weights, and those below an adaptation
  public Published publish(Weights weights, Optional<Canary> canary) {
    if (latest.filter(known -> known.version() == weights.version()).isPresent()) {
      return latest.get().share();
    }
    latest.ifPresent(known -> requireLater(weights.version(), known.version()));
    Published next = write(weights, canary);
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

  private Published write(Weights weights, Optional<Canary> canary) {
    List<Source> sources = sources(weights);
    List<Optional<Published>> there = there(sources);
    List<Piece> pieces = new ArrayList<>();
    memory.begin();
    try {
      for (int part = 0; part < sources.size(); part++) {
        pieces.add(piece(sources.get(part), part, there.get(part)));
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
    return new Published(
        new Manifest(set, weights.version(), pieces.stream().map(Piece::part).toList(), canary),
        pieces.stream().map(Piece::region).toList());
  }

  /// A part that is to be published.
  private record Source(PartForm form, MemorySegment values) {
    /// Whether the memory of a publication has these values.
    boolean isIn(Published known, int part) {
      if (part >= known.parts().size()) {
        return false;
      }
      Region region = known.parts().get(part);
      return region.size() == Published.memory(form.bytes())
          && form.holds(region.segment().asSlice(0, form.bytes()), values);
    }
  }

  private List<Source> sources(Weights weights) {
    List<PartForm> form = forms.apply(weights);
    return IntStream.range(0, weights.numParts())
        .mapToObj(part ->
            new Source(
                form.get(part),
                form.get(part).layout().size() == 0
                    ? MemorySegment.NULL
                    : weights.part(part).segment()))
        .toList();
  }

  /// For each part, the publication whose memory has its values.
  private List<Optional<Published>> there(List<Source> sources) {
    List<Published> known = Stream.concat(latest.stream(), like.stream()).toList();
    AtomicReferenceArray<Optional<Published>> found = new AtomicReferenceArray<>(sources.size());
    Team.shared()
        .run(
            sources.size(),
            part ->
                found.set(
                    part,
                    known.stream().filter(each -> sources.get(part).isIn(each, part)).findFirst()));
    return IntStream.range(0, sources.size()).mapToObj(found::get).toList();
  }

  private Piece piece(Source source, int part, Optional<Published> there) {
    if (there.isEmpty()) {
      Region region = memory.take(Published.memory(source.form().bytes()));
      return new Piece(source.form(), region, Optional.of(source.values()));
    }
    if (there.equals(like)) {
      Region ignored = there.get().parts().get(part).share();
    }
    return Piece.of(there.get(), part, source.form());
  }

  /// A part: the memory that it lies in, and the values to be written there.
  private static final class Piece {
    private final PartForm form;
    private final Region region;
    private final Optional<MemorySegment> values;
    private PartForm.Digests digests = new PartForm.Digests(0, 0);

    /// @param values none where the memory has them
    Piece(PartForm form, Region region, Optional<MemorySegment> values) {
      this.form = form;
      this.region = region;
      this.values = values;
    }

    /// A part that has been written.
    static Piece of(Published known, int part, PartForm form) {
      Piece written = new Piece(form, known.parts().get(part), Optional.empty());
      Manifest.Part there = known.manifest().parts().get(part);
      written.digests = new PartForm.Digests(there.digest(), there.values());
      return written;
    }

    Region region() {
      return region;
    }

    void write() {
      if (values.isPresent()) {
        FaultPoint.reach("publish.part");
        digests = form.write(values.get(), region.segment().asSlice(0, form.bytes()));
      }
    }

    Manifest.Part part() {
      return new Manifest.Part(
          Manifest.specs(form.layout()), form.packed(), digests.memory(), digests.values());
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
