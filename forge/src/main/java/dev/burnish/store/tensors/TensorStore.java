package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.Region;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Planner;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
/// [#under] gives a part of the store with keys of its own, [#as] one that converts floating-point
/// tensors: when they are put, and when they are read.
///
/// Fault point: `put.packed` before a part goes to the catalogue.
public final class TensorStore implements AutoCloseable {
  private final Shared shared;
  private final Catalogue catalogue;
  private final StorageStrategy strategy;
  private final View view;

  /// All that views share.
  private record Shared(Catalogue catalogue, WriterMemory memory, Planner planner) {}

  /// @param catalogue a stub of the one that all processes share, or one of this process
  public TensorStore(Catalogue catalogue) {
    this(
        new Shared(catalogue, new WriterMemory(), new Planner()),
        StorageStrategy.withWriter(catalogue),
        View.WHOLE);
  }

  private TensorStore(Shared shared, StorageStrategy strategy, View view) {
    this.shared = shared;
    this.catalogue = shared.catalogue();
    this.strategy = strategy;
    this.view = view;
  }

  /// The store whose puts lie where a strategy says. What others have put is read wherever it lies.
  ///
  /// @return a view, which is closed with this
  public TensorStore placed(StorageStrategy where) {
    return new TensorStore(shared, where, view);
  }

  /// The part of the store under a name: its keys, and the names of its sets, are those that begin
  /// with the name and a dot, without them. Errors and [#missing] have them whole.
  ///
  /// @return a view, which is closed with this
  public TensorStore under(String name) {
    return new TensorStore(shared, strategy, view.under(name));
  }

  /// The store with floating-point tensors of a type, such as BF16 of an F32 master: they are
  /// rounded when they are put, and converted when they are read, whatever is stored. Other
  /// elements are as they are.
  ///
  /// @return a view, which is closed with this
  /// @throws IllegalArgumentException if the type is not of floating point
  public TensorStore as(DType floatingPoint) {
    return new TensorStore(shared, strategy, view.as(floatingPoint));
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
    put(Packing.rank(parts), pieces(parts, view::key), new Destination.ToKeys());
  }

  private List<Piece> pieces(Map<String, ShardedTensor> parts, UnaryOperator<String> keyOf) {
    List<Piece> pieces = new ArrayList<>();
    parts.forEach((key, part) ->
        pieces.add(new Piece.OfTensor(keyOf.apply(key), part, view.type(part.local().dtype()))));
    return pieces;
  }

  /// Puts a value: a record, a String, an array, whatever may be an argument of a call.
  ///
  /// @throws IllegalArgumentException if its type does not travel, or it is too large for a call
  public void putValue(String key, Object value) {
    Piece piece = Piece.OfBytes.value(view.key(key), value, 1);
    try (Contribution part = Packing.pack(0, List.of(piece), Region::allocateInPlace)) {
      strategy.store(part, new Destination.ToKeys());
    }
  }

  /// Puts a state dict: tensors, and values such as numbers and strings, in nested maps and lists.
  /// Each lies under the key, a dot and its own dotted key, and may be read alone. The dict becomes
  /// visible whole, in place of all that was under the key.
  ///
  /// @param dict of a rank: sharded tensors are its parts, everything else is the same at all ranks
  /// @throws IllegalArgumentException if something in it cannot be put; it names the key
  /// @throws StoreException as [#put(String, ShardedTensor)], or if ranks put other values
  public void putStateDict(String key, Map<String, ?> dict) {
    if (key.isEmpty()) {
      throw new IllegalArgumentException("a state dict must have a key: key=''");
    }
    StateDict flat = StateDict.of(view.key(key), dict);
    put(flat.part().rank(), flat.pieces(view), new Destination.ToKeys());
  }

  /// Packs parts, and keeps the memory to write it again when nobody holds it any more.
  private void put(int rank, List<Piece> pieces, Destination to) {
    Contribution contribution = Packing.pack(rank, pieces, shared.memory()::allocate);
    try {
      FaultPoint.reach("put.packed");
      strategy.store(contribution, to);
    } finally {
      shared.memory().giveBack(contribution.memory());
    }
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
    return new Snapshot(catalogue.hold(view.keys(keys)), shared.planner(), view, view::own);
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
    try (Snapshot snapshot = open(keys)) {
      return snapshot.getAll(keys);
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

  /// A state dict, nested as it was put, with whole tensors, which are the caller's.
  ///
  /// @throws StoreException if it is not there, or a key of it was deleted; it names the key
  public Map<String, Object> getStateDict(String key) {
    try (Snapshot snapshot = openUnder(key)) {
      return snapshot.stateDict(key);
    }
  }

  /// Reads a state dict into the tensors of another, see [Snapshot#stateDictInto].
  public StateDictRead getStateDictInto(String key, Map<String, ?> into, Matching matching) {
    try (Snapshot snapshot = openUnder(key)) {
      return snapshot.stateDictInto(key, into, matching);
    }
  }

  private Snapshot openUnder(String key) {
    return new Snapshot(catalogue.holdUnder(view.key(key)), shared.planner(), view, view::own);
  }

  /// Whether there is something whole under a key.
  public boolean exists(String key) {
    return !catalogue.present(List.of(view.key(key))).isEmpty();
  }

  /// All keys, sorted.
  public List<String> keys() {
    return view.own(view.prefix().isEmpty() ? catalogue.keys() : catalogue.keysUnder(view.name()));
  }

  /// The keys whose first segments, between dots, are those of a prefix: `v0` has `v0` and `v0.x`,
  /// and not `v01`.
  public List<String> keys(String prefix) {
    return view.own(catalogue.keysUnder(view.key(prefix)));
  }

  /// Drops what is under a key, and a put of it that is not whole. Those who read it have it until
  /// they close it.
  ///
  /// @throws StoreException if there is nothing whole
  public void delete(String key) {
    if (catalogue.delete(List.of(view.key(key))).isEmpty()) {
      throw Keys.isNotThere(key, keys());
    }
    strategy.sweep();
  }

  /// Drops what is under keys, as far as there is anything.
  public void deleteAll(List<String> keys) {
    List<String> _ = catalogue.delete(view.keys(keys));
    strategy.sweep();
  }

  /// Waits until there is something whole under each of the keys.
  ///
  /// @throws StoreException if the stub's time is over; it names the ranks that have not put
  public void await(String... keys) {
    try {
      catalogue.await(view.keys(Arrays.asList(keys)));
    } catch (CallTimedOut e) {
      throw late("keys=" + Arrays.toString(keys), e);
    }
  }

  /// Waits until there is something whole under each of the keys, for a time, which may be longer
  /// than that of the stub.
  ///
  /// @throws StoreException if the time is over; it names the ranks that have not put
  /// @throws dev.burnish.link.failure.CallCancelled on an interrupt
  public void await(Duration limit, String... keys) {
    List<String> wanted = view.keys(Arrays.asList(keys));
    Optional<Boolean> there =
        Waiting.within(
            limit,
            () -> {
              catalogue.await(wanted);
              return true;
            });
    if (there.isEmpty()) {
      throw late("keys=" + Arrays.toString(keys), limit);
    }
  }

  private StoreException late(String what, Duration limit) {
    return late(what, new CallTimedOut("the time of the caller is over: limit=" + limit));
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

  /// The puts and versions with parts that nobody has any more: those of processes of other hosts
  /// that have ended, and of which there was no other copy. They may be put or published again.
  public List<Catalogue.Lost> lost() {
    return catalogue.lost();
  }

  // --- by version ---

  /// Publishes a rank's parts of a version, such as a state dict: it is visible when all ranks have
  /// published it, and never changes. The same again changes nothing.
  ///
  /// @param parts of the same rank and number of ranks; the same keys on all of them
  /// @throws StoreException if it is there with other values, ranks publish other tensors, or a
  ///   later version is there
  public void publish(String set, long version, Map<String, ShardedTensor> parts) {
    put(
        Packing.rank(parts),
        pieces(parts, UnaryOperator.identity()),
        new Destination.ToVersion(view.key(set), version));
  }

  /// Publishes a rank's state dict as a version, see [#publish] and [#putStateDict]. It is read by
  /// [Snapshot#stateDict] with an empty key.
  public void publishStateDict(String set, long version, Map<String, ?> dict) {
    StateDict flat = StateDict.of("", dict);
    put(flat.part().rank(), flat.pieces(view), new Destination.ToVersion(view.key(set), version));
  }

  /// A version.
  ///
  /// @return to be closed by the caller
  /// @throws StoreException if it is not there; the message names those that are
  public Snapshot version(String set, long version) {
    return version(catalogue.holdVersion(view.key(set), version));
  }

  /// Waits for a version or a later one; the latest.
  ///
  /// @return to be closed by the caller
  /// @throws StoreException if the stub's time is over; it names the ranks that have not published
  public Snapshot awaitVersion(String set, long version) {
    try {
      return version(catalogue.awaitVersion(view.key(set), version));
    } catch (CallTimedOut e) {
      throw late("set=%s version=%d".formatted(set, version), e);
    }
  }

  /// Waits for a version or a later one, for a time, which may be longer than that of the stub.
  ///
  /// @return the latest, to be closed by the caller
  /// @throws StoreException if the time is over; it names the ranks that have not published
  /// @throws dev.burnish.link.failure.CallCancelled on an interrupt
  public Snapshot awaitVersion(Duration limit, String set, long version) {
    String name = view.key(set);
    return Waiting.within(limit, () -> catalogue.awaitVersion(name, version))
        .map(this::version)
        .orElseThrow(() -> late("set=%s version=%d".formatted(set, version), limit));
  }

  private Snapshot version(Holding holding) {
    return new Snapshot(holding, shared.planner(), view, UnaryOperator.identity());
  }

  /// The latest version of a set, if there is one.
  public Optional<Long> latest(String set) {
    List<Long> versions = catalogue.versions(view.key(set));
    return versions.isEmpty() ? Optional.empty() : Optional.of(versions.getLast());
  }

  /// The versions of a set that are there, in order.
  public List<Long> versions(String set) {
    return catalogue.versions(view.key(set));
  }

  /// Gives up versions of a set that are not whole, such as those of a trainer that was killed.
  public void abandon(String set) {
    catalogue.abandon(view.key(set));
  }

  /// Gives up memory that it, or a view of it, would write again. Everything that was put stays.
  @Override
  public void close() {
    shared.memory().close();
  }
}
