package dev.burnish.store.volume;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.Region;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.service.Service;
import dev.burnish.store.tensors.Catalogue;
import dev.burnish.store.tensors.Contribution;
import dev.burnish.store.tensors.Deposit;
import dev.burnish.store.tensors.Destination;
import dev.burnish.store.tensors.Receipt;
import dev.burnish.store.tensors.StoreException;
import dev.burnish.store.tensors.Uses;
import dev.burnish.store.volume.Shelved.Medium;
import java.io.UncheckedIOException;
import java.util.List;

/// A [StorageVolume] in memory of its process, and in files beyond a limit.
///
/// A contribution of the same host is not copied: its memory is held, so that it outlives its
/// writer. One of another host is copied once, and checked.
///
/// A part is told to the catalogue before it counts as held, so a volume that dies in between has
/// told of something that is lost, or of memory that the catalogue holds too. The catalogue is
/// asked afterwards whether it still has it: one that was started again in between is told again.
///
/// Fault points: `volume.received`, `volume.brought` before the catalogue is told, `volume.told`
/// after it, `volume.written` after a file was written, `volume.moved` after the catalogue knows
/// it.
public final class MemoryVolume implements StorageVolume, AutoCloseable {
  /// Of what is held, the share that is put before the catalogue is asked what it has no more.
  private static final int SWEEPS = 4;

  private final Catalogue catalogue;
  private final VolumeSettings settings;
  private final Shelves shelves = new Shelves();
  private int putsSinceSweep;

  /// @param catalogue in a mesh of one actor
  public MemoryVolume(ActorMesh<Catalogue> catalogue, VolumeSettings settings) {
    this(catalogue.only(), settings);
  }

  /// @param catalogue which may be started again, see [Volumes#restore]
  public MemoryVolume(Service<Catalogue> catalogue, VolumeSettings settings) {
    this(catalogue.route(), settings);
  }

  MemoryVolume(Catalogue catalogue, VolumeSettings settings) {
    this.catalogue = catalogue;
    this.settings = settings;
  }

  @Override
  public void store(Contribution part, Destination to) {
    FaultPoint.reach("volume.received");
    if (shelves.has(part.id())) {
      return;
    }
    Medium medium = makeRoom(part.memory().size());
    Contribution own = brought(part, medium);
    try {
      FaultPoint.reach("volume.brought");
      tell(own, to, medium);
    } catch (RuntimeException | Error e) {
      if (shelves.has(own.id())) {
        shelves.remove(own.id());
      } else {
        own.close();
      }
      throw e;
    }
    if (++putsSinceSweep > shelves.size() / SWEEPS) {
      sweep();
    }
  }

  private Contribution brought(Contribution part, Medium medium) {
    Contribution here = part.broughtHere();
    if (medium == Medium.MEMORY) {
      return here;
    }
    try {
      return here.withMemory(onDisk(here));
    } finally {
      here.close();
    }
  }

  private void tell(Contribution own, Destination to, Medium medium) {
    boolean told = false;
    while (!told) {
      Receipt receipt = to.send(catalogue, own);
      FaultPoint.reach("volume.told");
      shelves.put(new Shelved(new Deposit(to, receipt.number(), own), receipt.epoch(), medium));
      Uses uses = catalogue.uses(List.of(own.id()));
      boolean isThere = uses.lastHeld().containsKey(own.id());
      told = isThere || uses.epoch() == receipt.epoch();
      if (told && !isThere) {
        shelves.remove(own.id()); // superseded or deleted meanwhile
      }
    }
  }

  /// Where so many bytes go. What was read the longest ago goes to disk for them.
  private Medium makeRoom(long bytes) {
    if (settings.spill().isEmpty() || fits(bytes)) {
      return Medium.MEMORY;
    }
    Uses uses = swept();
    for (Shelved each : shelves.inMemory(uses)) {
      if (fits(bytes) || bytes > settings.spill().get().memoryBytes()) {
        break;
      }
      spill(each);
    }
    return fits(bytes) ? Medium.MEMORY : Medium.DISK;
  }

  private boolean fits(long bytes) {
    return shelves.bytes(Medium.MEMORY) + bytes
        <= settings.spill().map(VolumeSettings.Spill::memoryBytes).orElse(Long.MAX_VALUE);
  }

  private void spill(Shelved each) {
    Contribution part = each.deposit().part();
    Region disk = onDisk(part);
    try {
      FaultPoint.reach("volume.written");
      catalogue.moved(part.id(), part.copy().number(), disk);
      FaultPoint.reach("volume.moved");
    } catch (RuntimeException | Error e) {
      disk.close();
      throw e;
    }
    Deposit moved =
        new Deposit(each.deposit().to(), each.deposit().number(), part.withMemory(disk));
    shelves.put(new Shelved(moved, each.epoch(), Medium.DISK));
  }

  private Region onDisk(Contribution part) {
    VolumeSettings.Spill spill = settings.spill().orElseThrow();
    try {
      return Region.allocateOnDisk(part.memory(), spill.path());
    } catch (UncheckedIOException e) {
      throw new StoreException(
          "a volume must have room on disk beyond its memory: folder=%s bytes=%d memoryBytes=%d (%s); nothing that was put is lost: free space there, or give the volume more memory"
              .formatted(spill.folder(), part.memory().size(), spill.memoryBytes(), e.getMessage()),
          e);
    }
  }

  @Override
  public void sweep() {
    Uses _ = swept();
  }

  private Uses swept() {
    putsSinceSweep = 0;
    Uses uses = catalogue.uses(shelves.ids());
    shelves.keepOnly(uses);
    return uses;
  }

  @Override
  public List<Deposit> held(long after, int most) {
    return shelves.deposits(after, most);
  }

  @Override
  public void restoredAt(long epoch, List<Long> ids) {
    shelves.restoredAt(epoch, ids);
  }

  @Override
  public VolumeState state() {
    return new VolumeState(
        shelves.size(), shelves.bytes(Medium.MEMORY), shelves.bytes(Medium.DISK));
  }

  /// Gives all up. The catalogue of the same host has it until it ends.
  @Override
  public void close() {
    shelves.close();
  }
}
