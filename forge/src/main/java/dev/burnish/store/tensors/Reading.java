package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Team;
import dev.burnish.link.RegionReader;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.sharding.Read;
import dev.burnish.sharding.ReshardPlan;
import dev.burnish.store.fetch.Elements;
import dev.burnish.store.fetch.Fetch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Tensors of a snapshot that are read together: what is on this host by the threads of this
/// process, what is on others over the network. Not thread-safe.
///
/// Fault point: `get.read` before elements of each part are read.
final class Reading {
  private final RegionReader reader;
  private final Fetch fetch = new Fetch();
  private final List<Runnable> here = new ArrayList<>();

  Reading(RegionReader reader) {
    this.reader = reader;
  }

  /// The elements of a tensor that are read.
  record Needed(Stored stored, ReshardPlan plan, List<Read> reads) {}

  /// Adds a tensor.
  ///
  /// @param into as large as what is read of it
  void add(Needed needed, MemorySegment into) {
    List<Runnable> copies = new ArrayList<>();
    for (Read read : needed.reads()) {
      List<StoredPart> holders = needed.stored().holders(needed.plan(), read);
      Elements elements = needed.stored().elements(read);
      if (holders.getFirst().memory().isHere()) {
        copies.add(() -> {
          FaultPoint.reach("get.read");
          holders.getFirst().copyHere(elements, into);
        });
      } else {
        FaultPoint.reach("get.read");
        fetch.add(List.copyOf(holders), elements, into);
      }
    }
    if (!copies.isEmpty()) {
      here.add(() -> copies.forEach(Runnable::run));
    }
  }

  /// Reads.
  ///
  /// @throws StoreException if a part is not as it was put, or on another host that cannot be read;
  ///   some is written then too
  /// @throws dev.burnish.link.failure.CallCancelled on an interrupt
  void run() {
    Team.shared().run(here.size(), i -> here.get(i).run());
    try {
      fetch.run(reader);
    } catch (ReplicaLost | CallTimedOut e) {
      throw lost(e);
    }
  }

  static StoreException lost(CallFailure failure) {
    return new StoreException(
        "a part on another host cannot be read: " + failure.getMessage(), failure);
  }
}
