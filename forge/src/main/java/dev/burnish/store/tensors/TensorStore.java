package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.Region;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Planner;
import dev.burnish.store.WeightMemory;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// Tensors by key, put by ranks in one layout and read by others in any: a process's access to the
/// store.
///
/// ```java
/// store.put("embedding", new ShardedTensor(fsdp, rank, local));      // on every rank of the trainer
/// Tensor part = store.get("embedding", tensorParallel, rank);        // on any rank of a generator
///
/// store.publish("policy", version, stateDict);                       // on every rank
/// try (Snapshot policy = store.awaitVersion("policy", version)) {
///   policy.getInto("embedding", mine);
/// }
/// ```
///
/// A tensor is copied once when it is put, to memory that processes of the host share; it is copied
/// from there, or mapped ([Snapshot#map]). Processes of other hosts read it from there over the
/// network. Only the elements that a reader needs move. A put is visible when all ranks of the
/// layout have put, whole and at once. Memory of puts that nobody holds any more is written again.
/// Thread-safe, if the catalogue is.
///
/// Fault point: `put.packed` before a part goes to the catalogue.
public final class TensorStore implements AutoCloseable {
  private final Catalogue catalogue;
  private final WeightMemory memory = new WeightMemory(Region::allocateInPlace);
  private final Planner planner = new Planner();

  /// @param catalogue a stub of the one that all processes share, or one of this process
  public TensorStore(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  // --- by key ---

  /// Puts a whole tensor.
  public void put(String key, Tensor tensor) {
    put(key, ShardedTensor.whole(tensor));
  }

  /// Puts a rank's part of a tensor.
  ///
  /// @throws StoreException if other ranks put it with another layout or type, or this rank has put
  ///   already and others have not
  public void put(String key, ShardedTensor part) {
    putAll(Map.of(key, part));
  }

  /// Puts a rank's parts of several tensors, which become visible together.
  ///
  /// @param parts of the same rank and number of ranks; the same keys on all of them
  /// @throws StoreException as [#put(String, ShardedTensor)]
  public void putAll(Map<String, ShardedTensor> parts) {
    pack(parts, UnaryOperator.identity(), catalogue::put);
  }

  /// Puts a value: a record, a String, an array, whatever may be an argument of a call.
  ///
  /// @throws IllegalArgumentException if its type does not travel, or it is too large for a call
  public void putValue(String key, Object value) {
    byte[] encoding = Values.encode(value);
    Content.OfValue content = new Content.OfValue(value.getClass().getName(), encoding.length);
    try (Contribution contribution = Packing.pack(key, content, encoding)) {
      catalogue.put(contribution);
    }
  }

  /// Packs parts, and keeps the memory to write it again when nobody holds it any more.
  private void pack(
      Map<String, ShardedTensor> parts, UnaryOperator<DType> stored, Consumer<Contribution> put) {
    Contribution contribution = Packing.pack(parts, stored, this::allocate);
    try {
      FaultPoint.reach("put.packed");
      put.accept(contribution);
    } finally {
      giveBack(contribution.memory());
    }
  }

  private synchronized Region allocate(long bytes) {
    memory.begin();
    try {
      return memory.take(bytes);
    } finally {
      memory.end();
    }
  }

  private synchronized void giveBack(Region region) {
    memory.giveBack(region);
  }

  /// Several things as they are now.
  ///
  /// @return to be closed by the caller
  /// @throws StoreException if one is not there; the message names those that are
  /// @throws IllegalArgumentException if a key is there more than once
  public Snapshot open(List<String> keys) {
    if (new HashSet<>(keys).size() < keys.size()) {
      throw new IllegalArgumentException("keys must be different: keys=" + keys);
    }
    return new Snapshot(catalogue.hold(keys), planner);
  }

  private Snapshot open(String key) {
    return open(List.of(key));
  }

  /// A whole tensor, the caller's.
  ///
  /// @throws StoreException if it is not there
  public Tensor get(String key) {
    try (Snapshot snapshot = open(key)) {
      return snapshot.get(key);
    }
  }

  /// The part of a rank in a layout, the caller's.
  ///
  /// @throws StoreException if it is not there
  /// @throws IllegalArgumentException if the layout is of another shape
  public Tensor get(String key, Layout layout, int rank) {
    try (Snapshot snapshot = open(key)) {
      return snapshot.get(key, layout, rank);
    }
  }

  /// A slice of a tensor, the caller's.
  ///
  /// @throws StoreException if it is not there
  /// @throws IllegalArgumentException if it is not within the tensor
  public Tensor slice(String key, Box slice) {
    try (Snapshot snapshot = open(key)) {
      return snapshot.slice(key, slice);
    }
  }

  /// Reads a rank's part into its tensor.
  ///
  /// @throws StoreException if it is not there
  /// @throws IllegalArgumentException if it has another type or shape
  public void getInto(String key, ShardedTensor into) {
    getAllInto(Map.of(key, into));
  }

  /// Several whole tensors as they are at one moment, the caller's; all or none.
  ///
  /// @throws StoreException if one is not there
  public Map<String, Tensor> getAll(List<String> keys) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (Snapshot snapshot = open(keys)) {
      keys.forEach(key -> tensors.put(key, snapshot.get(key)));
      return tensors;
    } catch (RuntimeException | Error e) {
      tensors.values().forEach(Tensor::close);
      throw e;
    }
  }

  /// Reads parts of several tensors as they are at one moment. If one is not there, or of another
  /// type or shape, none is written.
  ///
  /// @throws StoreException if one is not there
  public void getAllInto(Map<String, ShardedTensor> into) {
    try (Snapshot snapshot = open(List.copyOf(into.keySet()))) {
      snapshot.getAllInto(into);
    }
  }

  /// A value.
  ///
  /// @throws StoreException if it is not there, or was put as another type
  public <T> T getValue(String key, Class<T> type) {
    try (Snapshot snapshot = open(key)) {
      return snapshot.value(key, type);
    }
  }

  /// Whether there is something whole under a key.
  public boolean exists(String key) {
    return catalogue.keys().contains(key);
  }

  /// All keys, sorted.
  public List<String> keys() {
    return catalogue.keys();
  }

  /// The keys whose first segments, between dots, are those of a prefix: `v0` has `v0` and `v0.x`,
  /// and not `v01`.
  public List<String> keys(String prefix) {
    return catalogue.keys().stream()
        .filter(key -> key.equals(prefix) || key.startsWith(prefix + "."))
        .toList();
  }

  /// Drops what is under a key, and a put of it that is not whole. Those who read it have it until
  /// they close it.
  ///
  /// @throws StoreException if there is nothing whole
  public void delete(String key) {
    if (catalogue.delete(List.of(key)).isEmpty()) {
      throw Keys.isNotThere(key, catalogue.keys());
    }
  }

  /// Drops what is under keys, as far as there is anything.
  public void deleteAll(List<String> keys) {
    List<String> _ = catalogue.delete(keys);
  }

  /// Waits until there is something whole under each of the keys.
  ///
  /// @throws StoreException if the stub's time is over; it names the ranks that have not put
  public void await(String... keys) {
    try {
      catalogue.await(Arrays.asList(keys));
    } catch (CallTimedOut e) {
      throw late("keys=" + Arrays.toString(keys), e);
    }
  }

  private StoreException late(String what, CallTimedOut timeout) {
    return new StoreException(
        "what is awaited must be put in time: %s unfinished=%s".formatted(what, missing()),
        timeout);
  }

  /// The puts and versions that are not whole yet, with the ranks that they wait for.
  public List<Catalogue.Missing> missing() {
    return catalogue.missing();
  }

  // --- by version ---

  /// Publishes a rank's parts of a version, such as a state dict: it is visible when all ranks have
  /// published it, and never changes. The same again changes nothing.
  ///
  /// @param parts of the same rank and number of ranks; the same keys on all of them
  /// @throws StoreException if it is there with other values, ranks publish other tensors, or a
  ///   later version is there
  public void publish(String set, long version, Map<String, ShardedTensor> parts) {
    pack(parts, UnaryOperator.identity(), part -> catalogue.publish(set, version, part));
  }

  /// Publishes a rank's parts of a version, whose floating-point tensors are stored as a type, such
  /// as BF16 of an F32 master: the elements are rounded when they are copied.
  ///
  /// @throws IllegalArgumentException if the type is not of floating point
  /// @throws StoreException as [#publish(String, long, Map)]
  public void publish(
      String set, long version, Map<String, ShardedTensor> parts, DType floatingPoint) {
    if (!floatingPoint.isFloatingPoint()) {
      throw new IllegalArgumentException(
          "tensors must be stored as a floating-point type: type=" + floatingPoint);
    }
    pack(
        parts,
        type -> type.isFloatingPoint() ? floatingPoint : type,
        part -> catalogue.publish(set, version, part));
  }

  /// A version.
  ///
  /// @return to be closed by the caller
  /// @throws StoreException if it is not there; the message names those that are
  public Snapshot version(String set, long version) {
    return new Snapshot(catalogue.holdVersion(set, version), planner);
  }

  /// Waits for a version or a later one; the latest.
  ///
  /// @return to be closed by the caller
  /// @throws StoreException if the stub's time is over; it names the ranks that have not published
  public Snapshot awaitVersion(String set, long version) {
    try {
      return new Snapshot(catalogue.awaitVersion(set, version), planner);
    } catch (CallTimedOut e) {
      throw late("set=%s version=%d".formatted(set, version), e);
    }
  }

  /// The latest version of a set, if there is one.
  public Optional<Long> latest(String set) {
    List<Long> versions = catalogue.versions(set);
    return versions.isEmpty() ? Optional.empty() : Optional.of(versions.getLast());
  }

  /// The versions of a set that are there, in order.
  public List<Long> versions(String set) {
    return catalogue.versions(set);
  }

  /// Gives up versions of a set that are not whole, such as those of a trainer that was killed.
  public void abandon(String set) {
    catalogue.abandon(set);
  }

  /// Gives up memory that it would write again. Everything that was put stays.
  @Override
  public synchronized void close() {
    memory.close();
  }
}
