package dev.burnish.engine;

import dev.burnish.kernel.PackedLayout;
import dev.burnish.nn.Canary;
import dev.burnish.nn.PartValues;
import dev.burnish.rollout.VersionRange;
import java.util.List;
import java.util.Optional;

/// Where a generator gets the weights of a policy. Safe for use by many threads at once.
public interface WeightSource {
  /// The newest version in a range, whole and checked: the caller relies on the values from here
  /// on. This is the place for reading all bytes and comparing digests, since it is called before
  /// the weights in use are touched, and, for an announced version, not by the thread that
  /// generates.
  ///
  /// @throws IllegalArgumentException if there is no such version, or it is damaged; says which was
  ///   asked for and which there are
  Snapshot open(VersionRange versions);

  /// One version of the weights, in memory that does not change until it is closed.
  ///
  /// @param parts of the weights that are trained; where a generator can read them in place, it
  ///   does, and the snapshot stays open until another one is in use
  /// @param canary what the publisher computed with them, which a generator computes again before
  ///   it uses them
  /// @param release called once nothing reads the parts any more
  record Snapshot(long version, List<PartValues> parts, Optional<Canary> canary, Runnable release)
      implements AutoCloseable {
    public Snapshot {
      parts = List.copyOf(parts);
    }

    /// The form of the first part with packed matrices; empty where there is none.
    Optional<PackedLayout> packed() {
      return parts.stream()
          .filter(part -> part instanceof PartValues.Packed)
          .map(part -> ((PartValues.Packed) part).part().packed())
          .filter(layout -> !layout.matrices().isEmpty())
          .findFirst();
    }

    @Override
    public void close() {
      release.run();
    }
  }
}
