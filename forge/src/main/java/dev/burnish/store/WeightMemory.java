package dev.burnish.store;

import dev.burnish.link.Region;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;

/// Memory of a publisher's versions. That of versions which nobody holds any more is written again:
/// memory that the operating system gives newly costs several times a copy. Not thread-safe.
///
/// The pages of large memory are put together to huge ones after it was written first, on a thread
/// of its own: then all that write, map and copy it are faster.
public final class WeightMemory implements AutoCloseable {
  /// Bytes that are worth huge pages.
  private static final long LARGE = 32 << 20;

  /// Of versions that are no longer the latest: others may hold them.
  private final List<Region> earlier = new ArrayList<>();

  /// Of those, the ones that nobody held when this publication began.
  private final List<Region> free = new ArrayList<>();

  /// Of all that have been written once: their pages are put together, or were.
  private final Set<Region> settled = Collections.newSetFromMap(new IdentityHashMap<>());

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
    if (region.size() >= LARGE && settled.add(region)) {
      Thread.ofPlatform().daemon().name("store/pages").start(() -> settle(region));
    }
  }

  /// Versions come and go while this runs; it is needed once.
  private static void settle(Region region) {
    try {
      boolean _ = region.putPagesTogether();
    } catch (IllegalStateException e) {
      // It was closed meanwhile.
    }
  }

  /// Ends a publication: memory that was free and not needed is given to the operating system.
  public void end() {
    free.forEach(this::close);
    free.clear();
  }

  @Override
  public void close() {
    end();
    earlier.forEach(this::close);
    earlier.clear();
  }

  private void close(Region region) {
    settled.remove(region);
    region.close();
  }
}
