package dev.burnish.store;

import dev.burnish.actor.Idempotent;
import dev.burnish.concurrent.FaultPoint;
import dev.burnish.nn.Weights;
import dev.burnish.service.Service;
import dev.burnish.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// The sides of a hand-over, each in a process of its own that may be told where to die.
final class Sides {
  private static final int KILLED = 137;

  private Sides() {}

  /// Ends this process when it has reached a point that often.
  static void halt(String point, int times) {
    AtomicInteger left = new AtomicInteger(times);
    FaultPoint.Installed _ =
        FaultPoint.install(reached -> {
          if (reached.equals(point) && left.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(KILLED);
          }
        });
  }

  interface Trainer {
    void dieAt(String point, int times);

    @Idempotent
    Published publish(long version);
  }

  static final class TrainerActor implements Trainer, AutoCloseable {
    private final Weights weights = Models.weights();
    private final WeightPublisher publisher = WeightPublisher.packed("policy", Models.PARTS);

    @Override
    public void dieAt(String point, int times) {
      halt(point, times);
    }

    @Override
    public Published publish(long version) {
      return publisher.publish(Models.at(weights, version));
    }

    @Override
    public void close() {
      publisher.close();
      weights.close();
    }
  }

  interface Generator {
    void dieAt(String point, int times);

    /// Takes a version over and returns the first value of each part that has one.
    @Idempotent
    List<Float> take(long version);

    /// The version that serves.
    @Idempotent
    long serving();

    /// Checks the version that serves, and returns it.
    @Idempotent
    long check();

    @Idempotent
    long pid();
  }

  static final class GeneratorActor implements Generator, AutoCloseable {
    private final WeightReader reader;
    private Optional<MappedWeights> current = Optional.empty();

    GeneratorActor(Service<WeightStore> store) {
      reader = WeightReader.ofAnyForm(store.route(), "policy", Models.PARTS);
    }

    @Override
    public void dieAt(String point, int times) {
      halt(point, times);
    }

    @Override
    public List<Float> take(long version) {
      MappedWeights next = reader.map(version);
      try {
        next.checkAll();
      } catch (WeightsException e) {
        next.close();
        throw e;
      }
      current.ifPresent(MappedWeights::close);
      current = Optional.of(next);
      return List.of(first(next, 0), first(next, 2));
    }

    private static float first(MappedWeights mapped, int part) {
      try (Tensor values = mapped.parts().get(part).unpacked()) {
        return values.toFloatArray()[0];
      }
    }

    @Override
    public long serving() {
      return current.orElseThrow().version();
    }

    @Override
    public long check() {
      current.orElseThrow().checkAll();
      return serving();
    }

    @Override
    public long pid() {
      return ProcessHandle.current().pid();
    }

    @Override
    public void close() {
      current.ifPresent(MappedWeights::close);
    }
  }

  /// A store that dies where the name of a set says: `die at POINT`.
  static final class MortalStore implements WeightStore, AutoCloseable {
    static final String DIE = "die at ";

    private final MemoryWeightStore store = new MemoryWeightStore();

    @Override
    public void publish(Published version) {
      store.publish(version);
    }

    @Override
    public Published get(String set, long version) {
      return store.get(set, version);
    }

    @Override
    public Manifest manifest(String set, long version) {
      return store.manifest(set, version);
    }

    @Override
    public long await(String set, long version) {
      return store.await(set, version);
    }

    @Override
    public List<Long> versions(String set) {
      if (set.startsWith(DIE)) {
        halt(set.substring(DIE.length()), 1);
        return List.of();
      }
      return store.versions(set);
    }

    @Override
    public void retain(String set, long oldest) {
      store.retain(set, oldest);
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
