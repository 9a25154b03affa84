package dev.burnish.store.relay;

import dev.burnish.kernel.Team;
import dev.burnish.link.Region;
import dev.burnish.nn.ParameterSpec;
import dev.burnish.store.Digest;
import dev.burnish.store.Manifest;
import dev.burnish.store.Published;
import dev.burnish.store.VersionedWeights;
import dev.burnish.store.WeightsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The versions of one set that go to other hosts: holds the newest two, so that the changes from
/// one to the next can be told. Thread-safe; who asks for changes waits while they are computed.
final class SentSet implements AutoCloseable {
  private static final int HELD = 2;

  private final String set;
  private final VersionedWeights source;
  private final Deque<Published> held = new ArrayDeque<>();
  private Optional<Published> changes = Optional.empty();

  SentSet(String set, VersionedWeights source) {
    this.set = set;
    this.source = source;
  }

  /// The content of a version, which is held from now on if it is the newest.
  synchronized Manifest manifest(long version) {
    if (held.isEmpty() || held.getLast().version() < version) {
      held.addLast(source.get(set, version));
    }
    while (held.size() > HELD) {
      held.removeFirst().close();
    }
    return held.stream()
        .filter(each -> each.version() == version)
        .findFirst()
        .map(Published::manifest)
        .orElseGet(() -> source.manifest(set, version));
  }

  /// The changes of a version, in the order of its parts: none of a part that is the same, or whose
  /// changes are not less than itself. To be closed by the caller.
  ///
  /// @throws WeightsException if one of the versions is not held
  synchronized Published changes(Changes.Since since, long version) {
    Optional<Published> known =
        changes.filter(each -> each.set().equals(since.name()) && each.version() == version);
    if (known.isEmpty()) {
      changes.ifPresent(Published::close);
      changes = Optional.empty();
      changes = Optional.of(compute(held(since.version()), held(version), since.name()));
    }
    return changes.orElseThrow().share();
  }

  private Published held(long version) {
    return held.stream()
        .filter(each -> each.version() == version)
        .findFirst()
        .orElseThrow(() ->
            new WeightsException(
                "changes must be between the newest versions: set=%s version=%d versions=%s; read it whole"
                    .formatted(set, version, held.stream().map(Published::version).toList())));
  }

  private static Published compute(Published before, Published now, String name) {
    int numParts = now.parts().size();
    Region[] regions = new Region[numParts];
    Manifest.Part[] parts = new Manifest.Part[numParts];
    try {
      Team.shared()
          .run(
              numParts,
              i -> {
                long bytes = write(before, now, i, regions);
                parts[i] = part(regions[i], bytes);
              });
      return new Published(new Manifest(name, now.version(), List.of(parts)), List.of(regions));
    } catch (RuntimeException | Error e) {
      Arrays.stream(regions).filter(SentSet::isMade).forEach(Region::close);
      throw e;
    }
  }

  @SuppressWarnings("NullAway") // regions that were not made yet, where another could not be
  private static boolean isMade(Region region) {
    return region != null;
  }

  /// @return bytes of changes
  private static long write(Published before, Published now, int part, Region[] regions) {
    Manifest.Part changed = now.manifest().parts().get(part);
    if (part < before.parts().size()
        && before.manifest().parts().get(part).bytes() == changed.bytes()
        && !before.manifest().parts().get(part).hasContentOf(changed)) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(Math.max(1, Changes.most(changed.bytes())));
        OptionalLong written = Changes.write(before.memoryOf(part), now.memoryOf(part), out);
        if (written.isPresent()) {
          long padded = (written.getAsLong() + 3) / 4 * 4;
          regions[part] = Region.allocateInPlace(padded);
          MemorySegment.copy(out, 0, regions[part].segment(), 0, written.getAsLong());
          return padded;
        }
      }
    }
    regions[part] = Region.allocateInPlace(1);
    return 0;
  }

  private static Manifest.Part part(Region region, long bytes) {
    List<ParameterSpec> words = new ArrayList<>();
    if (bytes > 0) {
      words.add(new ParameterSpec("changes", Math.toIntExact(bytes / Float.BYTES)));
    }
    return Manifest.Part.plain(words, Digest.of(region.segment().asSlice(0, bytes)));
  }

  @Override
  public synchronized void close() {
    held.forEach(Published::close);
    held.clear();
    changes.ifPresent(Published::close);
    changes = Optional.empty();
  }
}
