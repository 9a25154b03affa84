package dev.burnish.store.tensors;

import java.util.List;

/// Things as they are at one moment, with the memory that they lie in: whoever has it has the
/// memory, until it closes it, whatever is put, deleted or ends meanwhile. It is a lease that ends
/// with its holder's process. It travels by handle.
///
/// @param sources puts, with all copies of the contributions of all their ranks
/// @param tensors what was asked for, in that order
public record Holding(List<Source> sources, List<Held> tensors) implements AutoCloseable {
  /// A put, whole.
  ///
  /// @param ranks the contributions, by rank and then by copy
  public record Source(List<Contribution> ranks) {}

  /// Where a thing is.
  ///
  /// @param source number of its put
  /// @param item number of it among the things of that put
  public record Held(int source, int item) {}

  public Holding {
    sources = List.copyOf(sources);
    tensors = List.copyOf(tensors);
  }

  @Override
  public void close() {
    sources.forEach(source -> source.ranks().forEach(Contribution::close));
  }
}
