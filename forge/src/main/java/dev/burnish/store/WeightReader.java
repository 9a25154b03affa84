package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.PackedPart;
import java.util.List;
import java.util.function.Function;

/// Finds published weights, for a process that computes with them.
///
/// ```java
/// MappedWeights next = reader.map(version);
/// next.checkAll();                  // before anything in use is touched
/// runner.use(next.parts());         // between two decode steps; open as long as it is used
/// ```
///
/// Whatever fails, nothing changes of the weights that are in use. Thread-safe.
///
/// Fault point: `take.mapped` when it has the handles.
public final class WeightReader {
  private final VersionedWeights store;
  private final String set;
  private final Function<Published, MappedWeights> mapping;

  private WeightReader(
      VersionedWeights store, String set, Function<Published, MappedWeights> mapping) {
    this.store = store;
    this.set = set;
    this.mapping = mapping;
  }

  /// A reader of weights that are published as they are.
  ///
  /// @param set the name of the weights, such as `policy`
  /// @param layouts of the parts of the model that computes with them
  public WeightReader(VersionedWeights store, String set, List<FlatLayout> layouts) {
    this(store, set, published -> MappedWeights.of(published, layouts));
  }

  /// A reader of weights in any form.
  ///
  /// @param model its parts, as this process would pack them
  public static WeightReader ofAnyForm(VersionedWeights store, String set, List<PackedPart> model) {
    return new WeightReader(store, set, published -> MappedWeights.ofAnyForm(published, model));
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
    return mapping.apply(published);
  }
}
