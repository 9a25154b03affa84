package dev.burnish.train;

import dev.burnish.kernel.Kernels;
import dev.burnish.nn.Parameters;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.train.Moments.Order;
import dev.burnish.train.checkpoint.Freeze;
import dev.burnish.train.checkpoint.Snapshot;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// The tensors of a trainer as checkpoints see them: weights and moments, part by part.
final class TrainerState {
  /// The state of a trainer besides tensors.
  ///
  /// @param step steps done, which is the position of the schedule
  record Position(long step, Health.State health) {
    byte[] toBytes() {
      return JsonMapper.shared().writeValueAsBytes(this);
    }

    static Position of(Snapshot snapshot) {
      byte[] bytes =
          snapshot
              .section(Checkpointed.SECTION)
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "a checkpoint has the section of its trainer: checkpoint=%s section=%s; resume from one of a trainer"
                          .formatted(snapshot.folder(), Checkpointed.SECTION)));
      try {
        return JsonMapper.shared().readValue(bytes, Position.class);
      } catch (JacksonException e) {
        throw new IllegalArgumentException(
            "the section of a trainer is JSON: checkpoint=%s (%s); resume from another one"
                .formatted(snapshot.folder(), e.getOriginalMessage()),
            e);
      }
    }
  }

  private static final String VALUES = "values";

  private final List<Parameters> parts;
  private final Moments moments;
  private final boolean lastFirst;
  private Optional<Freeze> freeze = Optional.empty();

  /// @param lastFirst whether parts are updated from the last to the first
  TrainerState(List<Parameters> parts, Moments moments, boolean lastFirst) {
    this.parts = parts;
    this.moments = moments;
    this.lastFirst = lastFirst;
  }

  /// Bytes of weights and moments.
  long bytes() {
    return IntStream.range(0, parts.size()).mapToLong(part -> new Part(part).bytes()).sum();
  }

  /// @param mostCopied most bytes for copies of parts that wait to be written
  /// @param step that was done last
  /// @param health names the last checkpoint where this one would be useless
  /// @throws TrainingDiverged if weights are not finite
  /// @throws IllegalStateException if the one before was not closed
  Freeze freeze(long mostCopied, long step, Health health) {
    for (int part = 0; part < parts.size(); part++) {
      Parameters weights = parts.get(part);
      if (!Double.isFinite(Kernels.of(weights.device()).sumOfSquares(weights.values()))) {
        throw health.named(
            Divergence.find("weights", step, parts, part, List.of(), true, Double.NaN, 0));
      }
    }
    if (freeze.isPresent() && !freeze.get().isDone()) {
      throw new IllegalStateException(
          "a checkpoint begins once the one before is written: parts=%d; wait for it"
              .formatted(parts.size()));
    }
    Freeze begun =
        new Freeze(
            IntStream.range(0, parts.size()).mapToObj(Part::new).toList(), lastFirst, mostCopied);
    freeze = Optional.of(begun);
    return begun;
  }

  /// Returns once a part may be changed.
  void beforeUpdate(int part) {
    freeze.ifPresent(begun -> begun.beforeUpdate(part));
  }

  /// Returns once nothing is read from here any more.
  void awaitDone() {
    freeze.ifPresent(Freeze::awaitDone);
  }

  void restore(Snapshot snapshot) {
    for (int part = 0; part < parts.size(); part++) {
      restore(snapshot, part);
    }
  }

  void restoreWeights(Snapshot snapshot) {
    for (int part = 0; part < parts.size(); part++) {
      snapshot.copyTo(Freeze.pieceOf(part), weights(part));
    }
  }

  /// A part of which nothing is trained has no elements.
  private Map<String, Tensor> weights(int part) {
    Map<String, Tensor> targets = new LinkedHashMap<>();
    if (parts.get(part).values().numElements() > 0) {
      targets.put(VALUES, parts.get(part).values());
    }
    return targets;
  }

  private void restore(Snapshot snapshot, int part) {
    Map<String, Tensor> targets = weights(part);
    try (TensorScope _ = TensorScope.open()) {
      Map<Order, Tensor> taken = new LinkedHashMap<>();
      for (Order order : Order.values()) {
        long elements = moments.elements(order, part);
        if (elements > 0) {
          taken.put(order, moments.take(order, part, 0, elements));
        }
      }
      taken.forEach((order, values) -> targets.put(order.tensor(), values));
      snapshot.copyTo(Freeze.pieceOf(part), targets);
      taken.forEach((order, values) -> moments.giveBack(order, part, 0, values));
    }
  }

  private final class Part implements Freeze.Source {
    private final int part;

    Part(int part) {
      this.part = part;
    }

    @Override
    public long bytes() {
      long elements = parts.get(part).values().numElements();
      for (Order order : Order.values()) {
        elements += moments.elements(order, part);
      }
      return DType.F32.bytes() * elements;
    }

    @Override
    public List<StoredTensor> open(Arena arena) {
      List<StoredTensor> tensors = new ArrayList<>(moments.stored(part, arena));
      Tensor values = parts.get(part).values().to(Device.CPU).contiguous();
      // A part of which nothing is trained has no elements.
      if (values.numElements() > 0) {
        tensors.add(new StoredTensor(VALUES, DType.F32, values.shape(), values.segment()));
      }
      return tensors;
    }
  }
}
