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
import java.util.function.UnaryOperator;

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
  private final View view;

  /// @param holding closed with this
  /// @param keyOf the key here of a key of the store
  Snapshot(Holding holding, Planner planner, View view, UnaryOperator<String> keyOf) {
    this.holding = holding;
    this.planner = planner;
    this.view = view;
    int number = 0;
    for (Holding.Held held : holding.tensors()) {
      Stored stored = Stored.of(holding.sources().get(held.source()), held.item(), number++);
      byKey.put(keyOf.apply(stored.key()), stored);
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

  /// Several whole tensors.
  ///
  /// @return the caller's, in the order of the keys
  public Map<String, Tensor> getAll(List<String> keys) {
    List<Reading.Needed> needed = new ArrayList<>();
    List<Box> boxes = new ArrayList<>();
    for (String key : keys) {
      Box whole = Box.whole(spec(key).layout().shape());
      needed.add(needed(tensor(key), whole));
      boxes.add(whole);
    }
    List<Tensor> tensors = read(needed, boxes);
    Map<String, Tensor> byKey = new LinkedHashMap<>();
    keys.forEach(key -> byKey.put(key, tensors.get(byKey.size())));
    return byKey;
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
    List<Writing.Target> targets = new ArrayList<>();
    into.forEach((key, part) ->
        targets.add(
            new Writing.Target(
                needed(tensor(key), part.layout(), part.rank()), part.local(), view)));
    Writing.write(reader, targets);
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
    Writing.write(reader, List.of(new Writing.Target(needed(stored, slice), into, view)));
  }

  /// The part of a rank where it lies, if it lies in one piece: nothing is copied, nor checked.
  /// Native code that writes to it ends the process.
  ///
  /// @return valid while this is open; empty where elements have to be gathered or converted, or
  ///   are on another host
  public Optional<Tensor> map(String key, Layout layout, int rank) {
    Stored stored = tensor(key);
    Reading.Needed needed = needed(stored, layout, rank);
    if (needed.reads().size() != 1
        || needed.reads().getFirst().copy().numRuns() != 1
        || view.type(stored.spec().dtype()) != stored.spec().dtype()) {
      return Optional.empty();
    }
    Read read = needed.reads().getFirst();
    StoredPart holder = stored.holders(needed.plan(), read).getFirst();
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
    StoredPart holder = stored.holders(needed.plan(), read).getFirst();
    if (holder.memory().isHere()) {
      holder.check(stored.elements(read).from(), stored.elements(read).to());
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
      return type.cast(decoded(stored, value, type));
    }
    throw new StoreException(
        "a value must be read as what was put: key=%s type=%s content=%s"
            .formatted(key, type.getName(), stored.content()));
  }

  private Object decoded(Stored stored, Content.OfValue value, Class<?> type) {
    byte[] encoding = new byte[Math.toIntExact(value.bytes())];
    Reading reading = new Reading(reader);
    reading.add(
        needed(stored, Box.whole(stored.spec().layout().shape())), MemorySegment.ofArray(encoding));
    reading.run();
    return Values.decode(MemorySegment.ofArray(encoding), type);
  }

  /// A value of a state dict.
  Object plainValue(String key) {
    Stored stored = find(key);
    if (stored.content() instanceof Content.OfValue value) {
      Optional<Class<?>> type = Values.plain(value.type());
      if (type.isPresent()) {
        return decoded(stored, value, type.get());
      }
    }
    throw new StoreException(
        "a value of a state dict must be a string, number, boolean or primitive array: key=%s content=%s"
            .formatted(key, stored.content()));
  }

  boolean isTensor(String key) {
    return find(key).content() instanceof Content.OfTensor;
  }

  /// How a state dict is nested.
  Structure structure(String key) {
    if (find(key).content() instanceof Content.OfStateDict dict) {
      return dict.structure();
    }
    throw new StoreException(
        "there must be a state dict under the key: key=%s content=%s"
            .formatted(key, find(key).content()));
  }

  /// A state dict, nested as it was put, with whole tensors.
  ///
  /// @param key with which it was put; empty of one that was published as a version
  /// @return with tensors that are the caller's
  /// @throws StoreException if it is not there, or a key of it was deleted; the message names it
  public Map<String, Object> stateDict(String key) {
    return StateDicts.read(this, key);
  }

  /// Reads a state dict into the tensors of another; those of a rank are [ShardedTensor]s.
  ///
  /// @param into with the same dotted keys; nesting that leads to the same keys is the same
  /// @throws StoreException if it is not there, or keys do not match; then none is written
  /// @throws IllegalArgumentException if a tensor has another type or shape; then none is written
  public StateDictRead stateDictInto(String key, Map<String, ?> into, Matching matching) {
    return StateDicts.readInto(this, key, into, matching);
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
    return switch (stored.content()) {
      case Content.OfTensor _ -> stored;
      case Content.OfValue value ->
          throw new StoreException(
              "a value is no tensor: key=%s type=%s; read it by value"
                  .formatted(key, value.type()));
      case Content.OfStateDict _ ->
          throw new StoreException(
              "a state dict is no tensor: key=%s; read it by getStateDict".formatted(key));
    };
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
    return read(List.of(needed), List.of(box)).getFirst();
  }

  /// @return the caller's
  private List<Tensor> read(List<Reading.Needed> needed, List<Box> boxes) {
    List<Tensor> tensors = new ArrayList<>();
    try {
      List<Writing.Target> targets = new ArrayList<>();
      for (int i = 0; i < needed.size(); i++) {
        DType dtype = view.type(needed.get(i).stored().spec().dtype());
        long[] shape = longs(boxes.get(i).shape());
        Tensor tensor = TensorScope.outside(() -> Tensor.empty(dtype, Device.CPU, shape));
        tensors.add(tensor);
        targets.add(new Writing.Target(needed.get(i), tensor, view));
      }
      Writing.write(reader, targets);
      return tensors;
    } catch (RuntimeException | Error e) {
      tensors.forEach(Tensor::close);
      throw e;
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
