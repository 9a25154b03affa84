package dev.burnish.bench.loop;

import dev.burnish.model.LanguageModel;
import dev.burnish.model.ModelSpec;
import dev.burnish.nn.ModelRunner;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.Weights;
import dev.burnish.service.Service;
import dev.burnish.store.MappedWeights;
import dev.burnish.store.WeightReader;
import dev.burnish.store.WeightStore;
import dev.burnish.tensor.Device;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// The side of a generator that takes versions over, without what it generates.
interface Taker {
  /// Takes a version over.
  Times take(String set, long version);

  /// Seconds of one takeover.
  ///
  /// @param memcpy of the same bytes, in memory of this process
  /// @param open mapping all parts and checking them
  /// @param layOut what a generator waits for until it computes with them: reading packed ones in
  ///   place, or packing them all
  /// @param largest its longest gap between two steps: the same, or packing the part that takes
  ///   longest
  record Times(double memcpy, double open, double layOut, double largest) {}

  /// See [Taker].
  final class Actor implements Taker, AutoCloseable {
    private final Service<WeightStore> store;
    private final Weights own;
    private final Weights copies;
    private final LanguageModel model;
    private final ModelRunner runner;
    private final List<PackedPart> parts;
    private Optional<MappedWeights> inUse = Optional.empty();

    Actor(Service<WeightStore> store, ModelSpec spec) {
      this.store = store;
      own = Weights.zeros(spec.layouts(), Device.CPU);
      parts = spec.packedParts();
      copies = Weights.zeros(spec.layouts(), Device.CPU);
      model = spec.over(own, Optional.empty());
      runner = ModelRunner.unloaded(model.decoder());
    }

    @Override
    public Times take(String set, long version) {
      WeightReader reader = WeightReader.ofAnyForm(store.route(), set, parts);
      long start = System.nanoTime();
      MappedWeights mapped = reader.map(version);
      mapped.checkAll();
      double open = seconds(start);
      Times times =
          runner.readsInPlace(mapped.parts()) ? readInPlace(mapped, open) : layOut(mapped, open);
      Optional<MappedWeights> before = inUse;
      inUse = Optional.of(mapped);
      before.ifPresent(MappedWeights::close);
      return times;
    }

    private Times readInPlace(MappedWeights mapped, double open) {
      long start = System.nanoTime();
      runner.use(mapped.parts());
      double taken = seconds(start);
      return new Times(memcpy(own, copies), open, taken, taken);
    }

    private Times layOut(MappedWeights mapped, double open) {
      double layOut = 0;
      double largest = 0;
      for (int part = 0; part < own.numParts(); part++) {
        long began = System.nanoTime();
        runner.load(part, mapped.weights().part(part));
        double taken = seconds(began);
        layOut += taken;
        largest = Math.max(largest, taken);
      }
      return new Times(memcpy(mapped.weights(), copies), open, layOut, largest);
    }

    /// Seconds of a copy by one thread.
    static double memcpy(Weights from, Weights to) {
      long start = System.nanoTime();
      for (int part = 0; part < from.numParts(); part++) {
        MemorySegment bytes = from.part(part).segment();
        MemorySegment.copy(bytes, 0, to.part(part).segment(), 0, bytes.byteSize());
      }
      return seconds(start);
    }

    static double seconds(long start) {
      return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() {
      model.close();
      inUse.ifPresent(MappedWeights::close);
      own.close();
      copies.close();
    }
  }
}
