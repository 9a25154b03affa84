package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Team;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Planner;
import dev.burnish.sharding.Read;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Things of the store as they were at one moment, to be read in any layout. As long as it is open,
/// they stay as they are, whatever is put, deleted or ends meanwhile.
///
/// Bytes are checked against the digests of their writers when they are first copied. One call at a
/// time.
///
/// Fault point: `get.read` before each part is read.
public final class Snapshot implements AutoCloseable {
  private final Holding holding;
  private final Planner planner;
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
    Stored stored = tensor(key);
    List<Read> reads = reads(stored, layout, rank);
    return read(stored, reads, layout.box(rank));
  }

  /// A slice of a tensor.
  ///
  /// @return the caller's
  /// @throws IllegalArgumentException if it is not within the tensor
  public Tensor slice(String key, Box slice) {
    Stored stored = tensor(key);
    return read(stored, reads(stored, slice), slice);
  }

  /// Reads a rank's part into its tensor, which is written where it is.
  ///
  /// @throws IllegalArgumentException if it has another type or shape than what is there
  /// @throws StoreException also when some of it was written
  public void getInto(String key, ShardedTensor into) {
    Stored stored = tensor(key);
    write(stored, reads(stored, into.layout(), into.rank()), into.local());
  }

  /// Reads parts of several tensors. If one is not there, or of another type or shape, none is
  /// written.
  ///
  /// @throws IllegalArgumentException if one has another type or shape than what is there
  /// @throws StoreException also when some of it was written
  public void getAllInto(Map<String, ShardedTensor> into) {
    into.forEach((key, part) -> {
      requireType(tensor(key), part.local());
      List<Read> _ = reads(tensor(key), part.layout(), part.rank());
    });
    List<Map.Entry<String, ShardedTensor>> parts = List.copyOf(into.entrySet());
    Team.shared().run(parts.size(), i -> getInto(parts.get(i).getKey(), parts.get(i).getValue()));
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
    write(stored, reads(stored, slice), into);
  }

  /// The part of a rank where it lies, if it lies in one piece: nothing is copied, nor checked.
  /// Native code that writes to it ends the process.
  ///
  /// @return valid while this is open; empty where elements have to be gathered
  public Optional<Tensor> map(String key, Layout layout, int rank) {
    Stored stored = tensor(key);
    List<Read> reads = reads(stored, layout, rank);
    if (reads.size() != 1 || reads.getFirst().copy().numRuns() != 1) {
      return Optional.empty();
    }
    Read read = reads.getFirst();
    MemorySegment part = stored.part(read.sourceRank()).bytes();
    long from = read.copy().sourceOffset() * stored.spec().dtype().bytes();
    long[] shape = longs(layout.box(rank).shape());
    return Optional.of(Tensor.wrap(part.asSlice(from), stored.spec().dtype(), shape));
  }

  /// Checks the bytes of a rank's part, as [#map] does not.
  ///
  /// @throws StoreException if they are not those that were put
  public void check(String key, Layout layout, int rank) {
    Stored stored = tensor(key);
    reads(stored, layout, rank).forEach(stored::check);
  }

  /// A value.
  ///
  /// @param type with which it was put
  /// @throws StoreException if it is not there, or of another type
  public <T> T value(String key, Class<T> type) {
    Stored stored = find(key);
    if (stored.content() instanceof Content.OfValue value && value.type().equals(type.getName())) {
      StoredPart part = stored.part(0);
      part.check(0, value.bytes());
      return Values.decode(part.bytes(), type);
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

  private List<Read> reads(Stored stored, Layout layout, int rank) {
    return planner.plan(stored.spec().layout(), layout).reads(rank, stored.number());
  }

  private List<Read> reads(Stored stored, Box slice) {
    Layout source = stored.spec().layout();
    return planner
        .plan(source, Layout.whole(longs(source.shape())))
        .readsOf(slice, stored.number());
  }

  private static Tensor read(Stored stored, List<Read> reads, Box box) {
    DType dtype = stored.spec().dtype();
    Tensor tensor = TensorScope.outside(() -> Tensor.empty(dtype, Device.CPU, longs(box.shape())));
    try {
      write(stored, reads, tensor);
      return tensor;
    } catch (RuntimeException | Error e) {
      tensor.close();
      throw e;
    }
  }

  private static void write(Stored stored, List<Read> reads, Tensor into) {
    requireType(stored, into);
    if (into.isContiguous() && into.device().equals(Device.CPU)) {
      copy(stored, reads, into.segment());
      return;
    }
    try (Tensor gathered =
        TensorScope.outside(() -> Tensor.empty(into.dtype(), Device.CPU, into.shape()))) {
      copy(stored, reads, gathered.segment());
      Tensor _ = into.copy_(gathered);
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

  private static void copy(Stored stored, List<Read> reads, MemorySegment into) {
    for (Read read : reads) {
      FaultPoint.reach("get.read");
      stored.copy(read, into);
    }
  }

  private static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public void close() {
    holding.close();
  }
}
