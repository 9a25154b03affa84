package dev.burnish.store.volume;

import dev.burnish.actor.Context;
import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.service.OwnedService;
import dev.burnish.store.tensors.Catalogue;
import dev.burnish.store.tensors.Contribution;
import dev.burnish.store.tensors.Deposit;
import dev.burnish.store.tensors.Destination;
import dev.burnish.store.tensors.StorageStrategy;
import dev.burnish.store.tensors.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/// A [StorageStrategy]: puts lie at storage volumes, which outlive their writers.
///
/// ```java
/// ActorMesh<StorageVolume> mesh = procs.spawn("volumes", StorageVolume.class, MemoryVolume::new, catalogue, settings);
/// Volumes volumes = Volumes.of(mesh).replicated(2);
/// volumes.restore(catalogue);                                    // if the catalogue may be lost
/// TensorStore store = new TensorStore(catalogue.route()).placed(volumes);
/// ```
///
/// The volumes may be in processes of their own, or in those of the writers. A rank's parts go to
/// the volume of its number, modulo their number; of several copies each goes to volumes of another
/// range of numbers, which are those of other hosts where a mesh has several. Where a volume is
/// lost the next one of the range takes its place. Thread-safe.
public final class Volumes implements StorageStrategy {
  private static final System.Logger LOG = System.getLogger(Volumes.class.getName());

  /// Contributions that are restored with one call.
  private static final int PAGE = 64;

  /// How often each volume is tried, and how long between.
  private static final int ROUNDS = 50;

  private static final Duration PAUSE = Duration.ofMillis(20);

  private final ActorMesh<StorageVolume> mesh;
  private final int numCopies;

  private Volumes(ActorMesh<StorageVolume> mesh, int numCopies) {
    this.mesh = mesh;
    this.numCopies = numCopies;
  }

  /// One copy at each.
  public static Volumes of(ActorMesh<StorageVolume> mesh) {
    return new Volumes(mesh, 1);
  }

  /// The same with several copies of each part.
  ///
  /// @throws IllegalArgumentException if there are fewer volumes than copies
  public Volumes replicated(int copies) {
    if (copies < 1 || copies > mesh.size()) {
      throw new IllegalArgumentException(
          "each copy must have a volume of its own: copies=%d volumes=%d"
              .formatted(copies, mesh.size()));
    }
    return new Volumes(mesh, copies);
  }

  @Override
  public void store(Contribution packed, Destination to) {
    Function<Integer, Boolean> storing =
        Context.waitedFor(copy -> {
          storeCopy(packed.withCopy(new Contribution.Copy(copy, numCopies)), to);
          return true;
        });
    List<Boolean> _ = Scope.map(IntStream.range(0, numCopies).boxed().toList(), storing);
  }

  /// Stores at the first volume of its range that is not lost. One that is being started again is
  /// found a moment after it was lost.
  private void storeCopy(Contribution part, Destination to) {
    int from = mesh.size() * part.copy().number() / numCopies;
    int range = mesh.size() * (part.copy().number() + 1) / numCopies - from;
    Optional<ReplicaLost> lost = Optional.empty();
    for (int i = 0; i < range * ROUNDS; i++) {
      int rank = from + (part.rank() + i) % range;
      if (i >= range) {
        awaitRestart(part);
      }
      try {
        mesh.actor(rank).store(part, to);
        return;
      } catch (ReplicaLost e) {
        lost = Optional.of(e);
      }
    }
    throw new StoreException(
        "a copy must have a volume that is not lost: copy=%d volumes=%d to %d of %s; start them again, or give the mesh restarts"
            .formatted(part.copy().number(), from, from + range - 1, mesh),
        lost.orElseThrow());
  }

  private static void awaitRestart(Contribution part) {
    Waits.parkNanos(part, PAUSE.toNanos());
    if (Thread.currentThread().isInterrupted()) {
      throw new CallCancelled("interrupted while waiting for a storage volume");
    }
  }

  /// Frees at all volumes what the catalogue has no more. Those that are lost hold nothing.
  @Override
  public void sweep() {
    for (StorageVolume volume : mesh) {
      try {
        volume.sweep();
      } catch (ReplicaLost e) {
        LOG.log(System.Logger.Level.DEBUG, "a volume is lost: {0}", e.getMessage());
      }
    }
  }

  /// Lets a catalogue that is started again have all that the volumes hold, before it is asked.
  ///
  /// @param catalogue that the volumes know
  public void restore(OwnedService<Catalogue> catalogue) {
    catalogue.update("volumes", this::bring);
  }

  private void bring(Catalogue replica) {
    Map<Integer, List<Long>> brought = new HashMap<>();
    for (int rank = 0; rank < mesh.size(); rank++) {
      try {
        brought.put(rank, bring(mesh.actor(rank), replica));
      } catch (ReplicaLost | CallTimedOut e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "what the volume {0} of {1} holds is not restored: {2}",
            rank,
            mesh,
            e.getMessage());
      }
    }
    long epoch = replica.restored();
    brought.forEach((rank, ids) -> told(rank, epoch, ids));
  }

  private static List<Long> bring(StorageVolume volume, Catalogue replica) {
    List<Long> ids = new ArrayList<>();
    long after = Long.MIN_VALUE;
    while (true) {
      List<Deposit> deposits = volume.held(after, PAGE);
      if (deposits.isEmpty()) {
        return ids;
      }
      try {
        replica.restore(deposits);
      } finally {
        deposits.forEach(deposit -> deposit.part().close());
      }
      deposits.forEach(deposit -> ids.add(deposit.part().id()));
      after = ids.getLast();
    }
  }

  private void told(int rank, long epoch, List<Long> ids) {
    try {
      mesh.actor(rank).restoredAt(epoch, ids);
    } catch (ReplicaLost e) {
      LOG.log(System.Logger.Level.DEBUG, "a volume is lost: {0}", e.getMessage());
    }
  }
}
