package dev.burnish.store.tensors;

import dev.burnish.link.RegionReader;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Planner;
import dev.burnish.sharding.Read;
import dev.burnish.sharding.ReshardPlan;
import dev.burnish.store.fetch.Fetch;
import dev.burnish.store.fetch.Source;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Things of the store as they were at one moment, to be read in any layout. As long as it is open,
/// they stay as they are, whatever is put, deleted or ends meanwhile.
///
/// Parts on this host are read where they lie. Of parts on others exactly the elements that a
/// reader needs move, over connections that stay open until this is closed; where a holder is lost
/// or stalls, they come from another rank that has the same part.
///
/// Bytes are checked against the digests of their writers when they are first copied. One call at a
/// time.
public final class Snapshot implements AutoCloseable {
  private final Holding holding;
  private final Planner planner;
  private final RegionReader reader = new RegionReader();
  private final Map<String, Stored> byKey = new LinkedHashMap<>();

  /// @param holding closed with this
  Snapshot(Holding holding, Planner planner) {
    this.holding = holding;
    this.planner = planner;
    int number = 0;
    for (Holding.Held held : holding.tensors()) {
      Stored stored = Stored.of(holding.sources().get(held.source()), held.item(), number++);
      byKey.put(stored.key(), stored);
    }
  }

  /// The keys that it has, in the order of the request, or sorted.
  public List<String> keys() {
    return List.copyOf(byKey.keySet());
  }

  /// The type and layout with which a tensor was put.
  ///
  /// @throws StoreException if it is not there, or is no tensor
  public TensorSpec spec(String key) {
    return tensor(key).spec();
  }

  /// A whole tensor.
  ///
  /// @return the caller's
  public Tensor get(String key) {
    return slice(key, Box.whole(spec(key).layout().shape()));
  }

  /// The part of a rank in a layout.
  ///
  /// @return the caller's
  /// @throws IllegalArgumentException if the layout is of another shape
  public Tensor get(String key, Layout layout, int rank) {
    return read(needed(tensor(key), layout, rank), layout.box(rank));
  }

  /// A slice of a tensor.
  ///
  /// @return the caller's
  /// @throws IllegalArgumentException if it is not within the tensor
  public Tensor slice(String key, Box slice) {
    return read(needed(tensor(key), slice), slice);
  }

  /// Reads a rank's part into its tensor, which is written where it is.
  ///
  /// @throws IllegalArgumentException if it has another type or shape than what is there
  /// @throws StoreException also when some of it was written
  public void getInto(String key, ShardedTensor into) {
    getAllInto(Map.of(key, into));
  }

  /// Reads parts of several tensors. If one is not there, or of another type or shape, none is
  /// written.
  ///
  /// @throws IllegalArgumentException if one has another type or shape than what is there
  /// @throws StoreException also when some of it was written
  public void getAllInto(Map<String, ShardedTensor> into) {
    List<Target> targets = new ArrayList<>();
    into.forEach((key, part) ->
        targets.add(new Target(needed(tensor(key), part.layout(), part.rank()), part.local())));
    write(targets);
  }

  /// Reads a slice into a tensor of its shape, which is written where it is.
  ///
  /// @throws IllegalArgumentException if it has another type or shape
  /// @throws StoreException also when some of it was written
  public void sliceInto(String key, Box slice, Tensor into) {
    Stored stored = tensor(key);
    List<Long> shape = Arrays.stream(into.shape()).boxed().toList();
    if (!shape.equals(slice.shape())) {
      throw new IllegalArgumentException(
          "a tensor must have the shape of the slice that is read into it: key=%s shape=%s slice=%s"
              .formatted(key, shape, slice));
    }
    write(List.of(new Target(needed(stored, slice), into)));
  }

  /// The part of a rank where it lies, if it lies in one piece: nothing is copied, nor checked.
  /// Native code that writes to it ends the process.
  ///
  /// @return valid while this is open; empty where elements have to be gathered, or are on another
  ///   host
  public Optional<Tensor> map(String key, Layout layout, int rank) {
    Stored stored = tensor(key);
    Reading.Needed needed = needed(stored, layout, rank);
    if (needed.reads().size() != 1 || needed.reads().getFirst().copy().numRuns() != 1) {
      return Optional.empty();
    }
    Read read = needed.reads().getFirst();
    Source holder = stored.holders(needed.plan(), read).getFirst();
    if (!holder.memory().isHere()) {
      return Optional.empty();
    }
    MemorySegment part = holder.memory().segment().asSlice(holder.offset(), holder.size());
    long from = stored.elements(read).from();
    long[] shape = longs(layout.box(rank).shape());
    return Optional.of(Tensor.wrap(part.asSlice(from), stored.spec().dtype(), shape));
  }

  /// Checks the bytes of a rank's part, as [#map] does not.
  ///
  /// @throws StoreException if they are not those that were put
  public void check(String key, Layout layout, int rank) {
    Stored stored = tensor(key);
    Reading.Needed needed = needed(stored, layout, rank);
    try {
      needed.reads().forEach(read -> check(needed, read));
    } catch (ReplicaLost | CallTimedOut e) {
      throw Reading.lost(e);
    }
  }

  private void check(Reading.Needed needed, Read read) {
    Stored stored = needed.stored();
    Source holder = stored.holders(needed.plan(), read).getFirst();
    if (holder.memory().isHere()) {
      stored.part(holder.rank()).check(stored.elements(read).from(), stored.elements(read).to());
    } else {
      Fetch.check(reader, holder, stored.elements(read));
    }
  }

  /// A value.
  ///
  /// @param type with which it was put
  /// @throws StoreException if it is not there, or of another type
  public <T> T value(String key, Class<T> type) {
    Stored stored = find(key);
    if (stored.content() instanceof Content.OfValue value && value.type().equals(type.getName())) {
      byte[] encoding = new byte[Math.toIntExact(value.bytes())];
      Reading reading = new Reading(reader);
      reading.add(
          needed(stored, Box.whole(stored.spec().layout().shape())),
          MemorySegment.ofArray(encoding));
      reading.run();
      return Values.decode(MemorySegment.ofArray(encoding), type);
    }
    throw new StoreException(
        "a value must be read as what was put: key=%s type=%s content=%s"
            .formatted(key, type.getName(), stored.content()));
  }

  private Stored find(String key) {
    Stored stored = byKey.get(key);
    if (stored == null) {
      throw Keys.isNotThere(key, keys());
    }
    return stored;
  }

  private Stored tensor(String key) {
    Stored stored = find(key);
    if (stored.content() instanceof Content.OfValue value) {
      throw new StoreException(
          "a value is no tensor: key=%s type=%s; read it by value".formatted(key, value.type()));
    }
    return stored;
  }

  private Reading.Needed needed(Stored stored, Layout layout, int rank) {
    ReshardPlan plan = planner.plan(stored.spec().layout(), layout);
    return new Reading.Needed(stored, plan, plan.reads(rank, stored.number()));
  }

  private Reading.Needed needed(Stored stored, Box slice) {
    Layout source = stored.spec().layout();
    ReshardPlan plan = planner.plan(source, Layout.whole(longs(source.shape())));
    return new Reading.Needed(stored, plan, plan.readsOf(slice, stored.number()));
  }

  private Tensor read(Reading.Needed needed, Box box) {
    DType dtype = needed.stored().spec().dtype();
    Tensor tensor = TensorScope.outside(() -> Tensor.empty(dtype, Device.CPU, longs(box.shape())));
    try {
      write(List.of(new Target(needed, tensor)));
      return tensor;
    } catch (RuntimeException | Error e) {
      tensor.close();
      throw e;
    }
  }

  /// A tensor to be written, and which elements go there.
  private record Target(Reading.Needed needed, Tensor into) {
    boolean isWrittenWhereItIs() {
      return into.isContiguous() && into.device().equals(Device.CPU);
    }

    /// A tensor of its shape to be written, the caller's; or itself.
    Tensor written() {
      return isWrittenWhereItIs()
          ? into
          : TensorScope.outside(() -> Tensor.empty(into.dtype(), Device.CPU, into.shape()));
    }
  }

  private void write(List<Target> targets) {
    targets.forEach(target -> requireType(target.needed().stored(), target.into()));
    Reading reading = new Reading(reader);
    List<Tensor> written = new ArrayList<>();
    try {
      for (Target target : targets) {
        Tensor memory = target.written();
        written.add(memory);
        reading.add(target.needed(), memory.segment());
      }
      reading.run();
      for (int i = 0; i < targets.size(); i++) {
        if (!targets.get(i).isWrittenWhereItIs()) {
          Tensor _ = targets.get(i).into().copy_(written.get(i));
        }
      }
    } finally {
      for (int i = 0; i < written.size(); i++) {
        if (!targets.get(i).isWrittenWhereItIs()) {
          written.get(i).close();
        }
      }
    }
  }

  private static void requireType(Stored stored, Tensor into) {
    DType dtype = stored.spec().dtype();
    if (into.dtype() != dtype) {
      throw new IllegalArgumentException(
          "a tensor must have the type of what is read into it: key=%s type=%s stored=%s"
              .formatted(stored.key(), into.dtype(), dtype));
    }
  }

  private static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public void close() {
    reader.close();
    holding.close();
  }
}
