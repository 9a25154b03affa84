package dev.burnish.controller.worker;

import dev.burnish.engine.WeightSource;
import dev.burnish.nn.PackedPart;
import dev.burnish.rollout.VersionRange;
import dev.burnish.store.MappedWeights;
import dev.burnish.store.VersionedWeights;
import dev.burnish.store.WeightReader;
import dev.burnish.store.WeightsException;
import java.util.List;

/// The weights of a set of a store, as a generator takes them over. Thread-safe.
final class StoredWeights implements WeightSource {
  private final VersionedWeights store;
  private final String set;
  private final WeightReader reader;

  /// @param model the parts of what is taken over, as this process would pack them
  StoredWeights(VersionedWeights store, String set, List<PackedPart> model) {
    this.store = store;
    this.set = set;
    this.reader = WeightReader.ofAnyForm(store, set, model);
  }

  @Override
  public Snapshot open(VersionRange versions) {
    try {
      MappedWeights mapped = reader.map(newest(versions));
      try {
        mapped.checkAll();
        return snapshot(mapped);
      } catch (RuntimeException e) {
        mapped.close();
        throw e;
      }
    } catch (WeightsException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private long newest(VersionRange versions) {
    List<Long> there = store.versions(set);
    return there.stream()
        .filter(versions::contains)
        .max(Long::compare)
        .orElseThrow(() ->
            new WeightsException(
                "a version that is asked for must be published: set=%s asked=%s versions=%s"
                    .formatted(set, versions, there)));
  }

  private static Snapshot snapshot(MappedWeights mapped) {
    return new Snapshot(mapped.version(), mapped.parts(), mapped.canary(), mapped::close);
  }
}
