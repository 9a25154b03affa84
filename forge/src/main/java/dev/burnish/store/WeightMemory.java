package dev.burnish.store;

import dev.burnish.link.Region;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongFunction;

/// Memory of a publisher's versions. That of versions which nobody holds any more is written again:
/// memory that the operating system gives newly costs two to three times a copy. Not thread-safe.
public final class WeightMemory implements AutoCloseable {
  /// Of versions that are no longer the latest: others may hold them.
  private final List<Region> earlier = new ArrayList<>();

  /// Of those, the ones that nobody held when this publication began.
  private final List<Region> free = new ArrayList<>();

  private final LongFunction<Region> allocation;

  /// @param allocation makes memory of so many bytes
  public WeightMemory(LongFunction<Region> allocation) {
    this.allocation = allocation;
  }

  /// Begins a publication.
  public void begin() {
    for (Iterator<Region> each = earlier.iterator(); each.hasNext(); ) {
      Region region = each.next();
      if (!region.isHeldElsewhere()) {
        each.remove();
        free.add(region);
      }
    }
  }

  /// Memory to be written, of that size.
  public Region take(long bytes) {
    for (int i = 0; i < free.size(); i++) {
      if (free.get(i).size() == bytes) {
        return free.remove(i);
      }
    }
    return allocation.apply(bytes);
  }

  /// Gives back memory that a later version does without, or that was not written to the end.
  public void giveBack(Region region) {
    earlier.add(region);
  }

  /// Ends a publication: memory that was free and not needed is given to the operating system.
  public void end() {
    free.forEach(Region::close);
    free.clear();
  }

  @Override
  public void close() {
    end();
    earlier.forEach(Region::close);
    earlier.clear();
  }
}
