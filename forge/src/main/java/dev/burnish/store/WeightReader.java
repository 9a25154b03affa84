package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.nn.FlatLayout;
import java.util.List;

/// Finds published weights, for a process that computes with them.
///
/// ```java
/// try (MappedWeights next = reader.map(version)) {
///   next.checkAll();                  // before anything in use is touched
///   for (int part = 0; part < next.weights().numParts(); part++) {
///     runner.load(part, next.weights().part(part));   // between two decode steps
///   }
/// }
/// ```
///
/// Whatever fails, nothing changes of the weights that are in use. Thread-safe.
///
/// Fault point: `take.mapped` when it has the handles.
public final class WeightReader {
  private final WeightStore store;
  private final String set;
  private final List<FlatLayout> layouts;

  /// @param set the name of the weights, such as `policy`
  /// @param layouts of the parts of the model that computes with them
  public WeightReader(WeightStore store, String set, List<FlatLayout> layouts) {
    this.store = store;
    this.set = set;
    this.layouts = List.copyOf(layouts);
  }

  /// Maps a version. Nothing is copied, and nothing checked except that it is the model's.
  ///
  /// @return to be closed when nothing reads it any more
  /// @throws WeightsException if the version is not there, or its parameters are not the model's
  public MappedWeights map(long version) {
    Published published = store.get(set, version);
    try {
      FaultPoint.reach("take.mapped");
    } catch (RuntimeException | Error e) {
      published.close();
      throw e;
    }
    return MappedWeights.of(published, layouts);
  }
}
