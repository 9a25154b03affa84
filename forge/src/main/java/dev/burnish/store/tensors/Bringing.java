package dev.burnish.store.tensors;

import dev.burnish.link.Region;
import dev.burnish.link.RegionReader;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.StridedCopy;
import dev.burnish.store.fetch.Elements;
import dev.burnish.store.fetch.Fetch;
import java.util.List;

/// Copies contributions from other hosts.
final class Bringing {
  private Bringing() {}

  /// @return in memory of this process, checked by the digests of its writer
  static Contribution copy(Contribution from) {
    Region memory = Region.allocateInPlace(from.memory().size());
    try (RegionReader reader = new RegionReader()) {
      Fetch fetch = new Fetch();
      for (Contribution.Item item : from.items()) {
        StoredPart part = new StoredPart(from, item);
        if (part.size() > 0) {
          Box bytes = Box.whole(List.of(part.size()));
          fetch.add(
              List.of(part),
              new Elements(StridedCopy.of(bytes, bytes, bytes), 1),
              memory.segment().asSlice(part.offset(), part.size()));
        }
      }
      fetch.run(reader);
      return from.withMemory(memory);
    } catch (ReplicaLost | CallTimedOut e) {
      memory.close();
      throw Reading.lost(e);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }
}
