package dev.burnish.store.tensors;

import dev.burnish.actor.Context;
import dev.burnish.actor.Idempotent;
import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.Region;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.service.Service;
import dev.burnish.sharding.Layout;
import dev.burnish.store.volume.StorageVolume;
import dev.burnish.store.volume.Volumes;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// Ranks that put and read, and a catalogue, each in a process of its own that may be told where to
/// die.
final class Ranks {
  private static final int KILLED = 137;

  private Ranks() {}

  /// Ends this process when it has reached a point that often.
  static void halt(String point, int times) {
    AtomicInteger left = new AtomicInteger(times);
    FaultPoint.Installed _ =
        FaultPoint.install(reached -> {
          if (reached.equals(point) && left.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(KILLED);
          }
        });
  }

  interface Rank {
    void dieAt(String point, int times);

    void put(String key, Layout layout, long plus);

    @Idempotent
    long[] get(String key, Layout layout);

    /// Puts this rank's part of thirds of numbers, as F32.
    void putThirds(String key, Layout layout);

    @Idempotent
    long pid();

    void putValue(String key, String value);

    /// Publishes this rank's part.
    @Idempotent
    void publishOwn(String set, long version, Layout layout);

    @Idempotent
    void publish(long version, Layout layout, int rank);

    @Idempotent
    long[] read(long version, Layout layout, int rank);

    /// Opens a version, and holds it until the next one is opened.
    @Idempotent
    void hold(long version);

    @Idempotent
    long[] readHeld(Layout layout, int rank);
  }

  static class RankActor implements Rank, AutoCloseable {
    private final TensorStore store;
    private List<Snapshot> held = List.of();

    RankActor(TensorStore store) {
      this.store = store;
    }

    RankActor(Service<Catalogue> catalogue) {
      store = new TensorStore(catalogue.route());
    }

    @Override
    public void dieAt(String point, int times) {
      halt(point, times);
    }

    @Override
    public void put(String key, Layout layout, long plus) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor whole = Parts.numbered(layout.shape(), plus);
        store.put(key, Parts.part(layout, Context.current().rank(), whole));
      }
    }

    @Override
    public long[] get(String key, Layout layout) {
      try (Tensor part = store.get(key, layout, Context.current().rank())) {
        return elements(part);
      }
    }

    @Override
    public void putThirds(String key, Layout layout) {
      try (TensorScope _ = TensorScope.open()) {
        store.put(key, Parts.thirds(layout, Context.current().rank()));
      }
    }

    @Override
    public void putValue(String key, String value) {
      store.putValue(key, value);
    }

    @Override
    public void publishOwn(String set, long version, Layout layout) {
      publish(set, version, layout, Context.current().rank());
    }

    @Override
    public long pid() {
      return ProcessHandle.current().pid();
    }

    private static long[] elements(Tensor part) {
      try (TensorScope _ = TensorScope.open()) {
        return Parts.elements(part);
      }
    }

    @Override
    public void publish(long version, Layout layout, int rank) {
      publish("policy", version, layout, rank);
    }

    private void publish(String set, long version, Layout layout, int rank) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor whole = Parts.numbered(layout.shape(), version);
        ShardedTensor part = Parts.part(layout, rank, whole);
        store.publish(set, version, Map.of("a", part, "b", part));
      }
    }

    @Override
    public long[] read(long version, Layout layout, int rank) {
      try (Snapshot snapshot = store.version("policy", version);
          Tensor part = snapshot.get("b", layout, rank)) {
        return elements(part);
      }
    }

    @Override
    public void hold(long version) {
      Snapshot next = store.version("policy", version);
      held.forEach(Snapshot::close);
      held = List.of(next);
    }

    @Override
    public long[] readHeld(Layout layout, int rank) {
      try (Tensor part = held.getFirst().get("a", layout, rank)) {
        return elements(part);
      }
    }

    @Override
    public void close() {
      held.forEach(Snapshot::close);
      store.close();
    }
  }

  /// A rank whose catalogue is an actor of a mesh.
  static final class MeshRankActor extends RankActor {
    MeshRankActor(ActorMesh<Catalogue> catalogue) {
      super(new TensorStore(catalogue.only()));
    }
  }

  /// A rank whose puts lie at volumes, two copies of each.
  static final class PlacedRankActor extends RankActor {
    PlacedRankActor(Service<Catalogue> catalogue, ActorMesh<StorageVolume> volumes) {
      super(new TensorStore(catalogue.route()).placed(Volumes.of(volumes).replicated(2)));
    }
  }

  /// The same, with a catalogue that is an actor of a mesh.
  static final class MeshPlacedRankActor extends RankActor {
    MeshPlacedRankActor(ActorMesh<Catalogue> catalogue, ActorMesh<StorageVolume> volumes) {
      super(new TensorStore(catalogue.only()).placed(Volumes.of(volumes).replicated(2)));
    }
  }

  /// Ends its process.
  interface Killer {
    void dieAt(String point, int times);

    @Idempotent
    long pid();
  }

  static final class KillerActor implements Killer {
    @Override
    public void dieAt(String point, int times) {
      halt(point, times);
    }

    @Override
    public long pid() {
      return ProcessHandle.current().pid();
    }
  }

  /// A catalogue that dies where the name of a set says: `die at POINT`.
  static final class MortalCatalogue implements Catalogue, AutoCloseable {
    static final String DIE = "die at ";

    private final MemoryCatalogue catalogue = new MemoryCatalogue();

    @Override
    public Receipt put(Contribution part) {
      return catalogue.put(part);
    }

    @Override
    public Receipt publish(String set, long version, Contribution part) {
      return catalogue.publish(set, version, part);
    }

    @Override
    public Holding hold(List<String> keys) {
      return catalogue.hold(keys);
    }

    @Override
    public Holding holdUnder(String key) {
      return catalogue.holdUnder(key);
    }

    @Override
    public Holding holdVersion(String set, long version) {
      return catalogue.holdVersion(set, version);
    }

    @Override
    public Holding awaitVersion(String set, long version) {
      return catalogue.awaitVersion(set, version);
    }

    @Override
    public void await(List<String> keys) {
      catalogue.await(keys);
    }

    @Override
    public List<Long> versions(String set) {
      if (set.startsWith(DIE)) {
        halt(set.substring(DIE.length()), 1);
        return List.of();
      }
      return catalogue.versions(set);
    }

    @Override
    public List<Missing> missing() {
      return catalogue.missing();
    }

    @Override
    public List<Lost> lost() {
      return catalogue.lost();
    }

    @Override
    public Uses uses(List<Long> ids) {
      return catalogue.uses(ids);
    }

    @Override
    public void moved(long id, int copy, Region memory) {
      catalogue.moved(id, copy, memory);
    }

    @Override
    public void restore(List<Deposit> deposits) {
      catalogue.restore(deposits);
    }

    @Override
    public long restored() {
      return catalogue.restored();
    }

    @Override
    public List<String> keys() {
      return catalogue.keys();
    }

    @Override
    public List<String> keysUnder(String key) {
      return catalogue.keysUnder(key);
    }

    @Override
    public List<String> present(List<String> keys) {
      return catalogue.present(keys);
    }

    @Override
    public List<String> delete(List<String> keys) {
      return catalogue.delete(keys);
    }

    @Override
    public void abandon(String set) {
      catalogue.abandon(set);
    }

    @Override
    public void close() {
      catalogue.close();
    }
  }
}
