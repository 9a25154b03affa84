package dev.burnish.train;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Weights;
import dev.burnish.train.OptimizerConfig.Group;
import dev.burnish.train.OptimizerConfig.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The state of a tiny model's trainer in memory that trainers come and go over.
final class SharedState implements AutoCloseable {
  /// A model and its optimizer.
  enum Case {
    ADAMW("adamw", 1),
    ADAMW_UNCLIPPED("adamw", 0),
    SGD("sgd", 1),
    SGD_WITHOUT_MOMENTUM("sgd", 0),
    MUON("muon", 0.1),
    FROZEN("adamw", 1),
    LORA("adamw", 1);

    private final String name;
    private final double clipNorm;

    Case(String name, double clipNorm) {
      this.name = name;
      this.clipNorm = clipNorm;
    }

    OptimizerConfig config() {
      OptimizerConfig config =
          OptimizerConfig.defaults()
              .withName(name)
              .withLr(1e-2)
              .withClipNorm(clipNorm)
              .withWeightDecay(0.01)
              .withWarmup(2)
              .withSchedule("cosine");
      return switch (this) {
        case FROZEN -> config.withGroups(Group.frozen("model.layers.*.q_proj.*"));
        case SGD_WITHOUT_MOMENTUM -> config.withSgd(new Sgd(0, false));
        default -> config;
      };
    }

    LanguageModel model() {
      LanguageModel model = Tiny.model();
      return this == LORA ? model.adapt(LoraConfig.defaults().withRank(2), 5) : model;
    }
  }

  static final int STEPS = 6;

  private final Case kind;
  private final LanguageModel source;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final List<Opened> opened = new ArrayList<>();

  SharedState(Case kind) {
    this.kind = kind;
    source = kind.model();
    memory = arena.allocate(TrainerMemory.bytes(layouts(), kind.config()), 4096);
    open(TrainerMemory.create(memory, source.decoder().trainedWeights(), kind.config()));
  }

  /// A resource that closes without an exception to declare.
  private interface Opened {
    void close();
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.addFirst(() -> closeNow(resource));
    return resource;
  }

  List<FlatLayout> layouts() {
    return source.decoder().trainedWeights().layouts();
  }

  MemorySegment memory() {
    return memory;
  }

  /// As another process sees it.
  TrainerMemory attach() {
    return open(TrainerMemory.attach(memory, layouts(), kind.config()));
  }

  /// A trainer as another process would make it; the one before is abandoned.
  LocalTrainer trainer() {
    return trainer(TrainerOptions.defaults());
  }

  LocalTrainer trainer(TrainerOptions options) {
    TrainerMemory attached = attach();
    return LocalTrainer.recoverable(
        attached, model(kind, source, attached.weights()).decoder(), STEPS, options);
  }

  static LanguageModel model(Case kind, LanguageModel source, Weights trained) {
    return kind == Case.LORA
        ? source.over(source.decoder().weights(), Optional.of(trained))
        : source.over(trained, Optional.empty());
  }

  /// Weights and moments.
  List<float[]> state() {
    TrainerMemory attached = attach();
    return state(attached.weights(), attached.moments());
  }

  static List<float[]> state(Weights weights, Moments moments) {
    List<float[]> state = new ArrayList<>();
    for (int part = 0; part < weights.numParts(); part++) {
      state.add(weights.part(part).toFloatArray());
      for (Moments.Order order : Moments.Order.values()) {
        state.add(moments.take(order, part, 0, moments.elements(order, part)).toFloatArray());
      }
    }
    return state;
  }

  static List<MicroBatch> batch(long step) {
    return MicroBatch.ofCrossEntropy(Tiny.batches(step, 2));
  }

  /// The state and the reports of a trainer in plain memory.
  record Expected(List<List<float[]>> states, List<StepReport> reports) {
    static Expected of(Case kind) {
      List<List<float[]>> states = new ArrayList<>();
      List<StepReport> reports = new ArrayList<>();
      try (LanguageModel model = kind.model();
          LocalTrainer trainer = new LocalTrainer(model.decoder(), kind.config(), STEPS)) {
        for (long step = 1; step <= STEPS; step++) {
          reports.add(trainer.step(batch(step)).withSeconds(0));
          states.add(
              SharedState.state(model.decoder().trainedWeights(), trainer.optimizer().moments()));
        }
      }
      return new Expected(states, reports);
    }

    List<float[]> state(long step) {
      return states.get((int) step - 1);
    }

    StepReport report(long step) {
      return reports.get((int) step - 1);
    }
  }

  private static void closeNow(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    opened.forEach(Opened::close);
    source.close();
    arena.close();
  }
}
