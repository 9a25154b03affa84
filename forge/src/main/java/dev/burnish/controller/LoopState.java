package dev.burnish.controller;

import dev.burnish.controller.worker.WeightSets;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.Weights;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.store.Published;
import dev.burnish.store.WeightPublisher;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.train.Checkpointed;
import dev.burnish.train.Health;
import dev.burnish.train.SharedTrainer;
import dev.burnish.train.checkpoint.Freeze;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// The state of a loop as checkpoints have it: that of the trainer, and the older versions of the
/// weights that groups under way are still made by. So a run that is resumed makes the same groups.
final class LoopState implements Checkpointed {
  private static final String VALUES = "values";
  private static final Pattern NAME = Pattern.compile("version-(\\d+)-part-(\\d+)");

  private final SharedTrainer trainer;
  private final List<PackedPart> parts;
  private Supplier<List<Published>> older = List::of;
  private List<Published> restored = List.of();

  /// @param parts of what is trained, as generators read them
  LoopState(SharedTrainer trainer, List<PackedPart> parts) {
    this.trainer = trainer;
    this.parts = List.copyOf(parts);
  }

  /// Sets where the older versions come from, which are closed once they are written.
  void olderFrom(Supplier<List<Published>> versions) {
    older = versions;
  }

  /// The older versions of the checkpoint that was restored, to be closed by the caller.
  List<Published> restored() {
    return restored;
  }

  @Override
  public long stepsDone() {
    return trainer.stepsDone();
  }

  @Override
  public Health health() {
    return trainer.health();
  }

  @Override
  public boolean ratesFollowTotalSteps() {
    return trainer.ratesFollowTotalSteps();
  }

  @Override
  public Pieces freeze() {
    return new WithOlder(trainer.freeze(), older.get(), parts);
  }

  @Override
  public byte[] state() {
    return trainer.state();
  }

  @Override
  public void restore(Snapshot snapshot) {
    trainer.restore(snapshot);
    TreeSet<Long> versions = new TreeSet<>();
    for (String piece : snapshot.pieces()) {
      Matcher matcher = NAME.matcher(piece);
      if (matcher.matches()) {
        versions.add(Long.parseLong(matcher.group(1)));
      }
    }
    try (WeightPublisher publisher = WeightPublisher.packed(WeightSets.POLICY.trained(), parts)) {
      restored = versions.stream().map(version -> read(snapshot, version, publisher)).toList();
    }
  }

  private Published read(Snapshot snapshot, long version, WeightPublisher publisher) {
    List<FlatLayout> layouts = parts.stream().map(PackedPart::layout).toList();
    try (Weights weights = Weights.zeros(layouts, Device.CPU)) {
      for (int part = 0; part < layouts.size(); part++) {
        Tensor values = weights.part(part);
        if (values.numElements() > 0) {
          snapshot.copyTo(name(version, part), Map.of(VALUES, values));
        }
      }
      weights.publish(version);
      return publisher.publish(weights);
    }
  }

  private static String name(long version, int part) {
    return String.format(Locale.ROOT, "version-%08d-", version) + Freeze.pieceOf(part);
  }

  @Override
  public void restoreWeights(Snapshot snapshot) {
    trainer.restoreWeights(snapshot);
  }

  /// A part of an older version.
  private record OlderPart(Published version, int index, PackedPart part) {
    String name() {
      return LoopState.name(version.version(), index);
    }

    /// In the order of the parameters, whatever machine it was packed for.
    void read(Consumer<List<StoredTensor>> reader) {
      try (Tensor values = Tensor.empty(DType.F32, Device.CPU, part.layout().size())) {
        MemorySegment bytes = values.segment();
        version.copyValues(index, part, bytes);
        reader.accept(List.of(new StoredTensor(VALUES, DType.F32, values.shape(), bytes)));
      }
    }
  }

  /// The trainer's pieces first: its next update waits for them.
  private static final class WithOlder implements Pieces {
    private final Pieces trained;
    private final List<Published> versions;
    private final List<OlderPart> parts = new ArrayList<>();

    WithOlder(Pieces trained, List<Published> versions, List<PackedPart> model) {
      this.trained = trained;
      this.versions = versions;
      for (Published version : versions) {
        IntStream.range(0, model.size())
            .filter(part -> model.get(part).layout().size() > 0)
            .forEach(part -> parts.add(new OlderPart(version, part, model.get(part))));
      }
    }

    @Override
    public int count() {
      return trained.count() + parts.size();
    }

    @Override
    public String name(int piece) {
      return piece < trained.count()
          ? trained.name(piece)
          : parts.get(piece - trained.count()).name();
    }

    @Override
    public void read(int piece, Consumer<List<StoredTensor>> reader) {
      if (piece < trained.count()) {
        trained.read(piece, reader);
      } else {
        parts.get(piece - trained.count()).read(reader);
      }
    }

    @Override
    public void close() {
      try {
        trained.close();
      } finally {
        versions.forEach(Published::close);
      }
    }
  }
}
