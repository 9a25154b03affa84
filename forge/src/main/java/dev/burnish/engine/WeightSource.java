package dev.burnish.engine;

import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.Tensor;
import java.util.List;

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
  /// @param parts contiguous F32, one per part of the weights that are trained: `[size of the
  ///   part]`
  /// @param release called once nothing reads the parts any more
  record Snapshot(long version, List<Tensor> parts, Runnable release) implements AutoCloseable {
    public Snapshot {
      parts = List.copyOf(parts);
    }

    @Override
    public void close() {
      release.run();
    }
  }
}
