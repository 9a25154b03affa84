package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.nn.FlatLayout;
import dev.burnish.tensor.Tensor;
import java.util.List;

/// Takes published weights over, for a process that computes with them.
///
/// ```java
/// MappedWeights next = reader.take(version, (part, values) -> runner.layOut(part, values));
/// runner.swap();      // between two decode steps
/// current.close();
/// current = next;
/// ```
///
/// Whatever fails, nothing of the weights that were taken over before changes: they keep serving.
///
/// Fault points: `take.mapped` when it has the handles, `take.part` after each part was handed on.
public final class WeightReader {
  /// Takes each part in turn.
  @FunctionalInterface
  public interface PartConsumer {
    /// @param values flat F32 in the memory of the publication, read only; they are not checked yet
    void accept(int part, Tensor values);
  }

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
      published.requireSizes();
      published.manifest().requireFits(layouts);
      return new MappedWeights(published, layouts);
    } catch (RuntimeException | Error e) {
      published.close();
      throw e;
    }
  }

  /// Maps a version, hands on each part, then checks that these were the bytes that were published.
  /// What the consumer made of the parts is valid when this returns, and not before.
  ///
  /// @return to be closed when nothing reads it any more
  /// @throws WeightsException if the version is not there, its parameters are not the model's, or
  ///   the bytes of a part are not those that were published
  public MappedWeights take(long version, PartConsumer consumer) {
    MappedWeights mapped = map(version);
    try {
      for (int part = 0; part < layouts.size(); part++) {
        consumer.accept(part, mapped.weights().part(part));
        FaultPoint.reach("take.part");
        mapped.check(part);
      }
      return mapped;
    } catch (RuntimeException | Error e) {
      mapped.close();
      throw e;
    }
  }
}
