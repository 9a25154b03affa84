package dev.burnish.train;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.nn.Decoder;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Weights;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.train.memory.StateLayout;
import dev.burnish.train.memory.StateLayout.Elements;
import dev.burnish.train.memory.UpdateJournal;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Everything that a step of a trainer changes, in one piece of memory that outlives its process:
/// weights, gradients, moments of the optimizer, and the journal that makes it recoverable.
///
/// The process that may not die allocates the memory, fills it by [#create] and passes a handle to
/// the trainer's process, which attaches by [#attach], makes its model over [#weights] and a
/// [LocalTrainer] over it. A trainer that is killed, wherever it was, is made again over the same
/// memory and has the state of the last completed step: an update that was under way is finished
/// first. [SharedTrainer] is how the first process sees it.
///
/// The memory stays its owner's, and mapped while this is open. Threading: as [LocalTrainer].
public final class TrainerMemory implements AutoCloseable {
  private final List<FlatLayout> layouts;
  private final OptimizerConfig config;
  private final UpdateJournal journal;
  private final List<Tensor> values = new ArrayList<>();
  private final List<Tensor> gradients = new ArrayList<>();
  private final List<Tensor> first = new ArrayList<>();
  private final List<Tensor> second = new ArrayList<>();

  private TrainerMemory(MemorySegment memory, List<FlatLayout> layouts, OptimizerConfig config) {
    this.layouts = List.copyOf(layouts);
    this.config = config;
    StateLayout layout = layout(layouts, config);
    if (memory.byteSize() < layout.bytes() || memory.address() % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "the memory of a trainer must have room for its state: bytes=%d needed=%d; allocate TrainerMemory.bytes"
              .formatted(memory.byteSize(), layout.bytes()));
    }
    journal =
        new UpdateJournal(layout.journal().in(memory), layout.undo().in(memory), layout.bytes());
    for (StateLayout.Part part : layout.parts()) {
      values.add(tensor(part.values().in(memory)));
      gradients.add(tensor(part.gradients().in(memory)));
      first.add(tensor(part.first().in(memory)));
      second.add(tensor(part.second().in(memory)));
    }
  }

  private static Tensor tensor(MemorySegment run) {
    return TensorScope.outside(
        () -> Tensor.wrap(run, DType.F32, run.byteSize() / DType.F32.bytes()));
  }

  private static StateLayout layout(List<FlatLayout> layouts, OptimizerConfig config) {
    List<List<ParameterRules.Run>> runs = ParameterRules.of(config, layouts);
    List<Elements> parts =
        IntStream.range(0, layouts.size())
            .mapToObj(part ->
                new Elements(
                    layouts.get(part).size(),
                    ParameterRules.gradientElements(runs.get(part)),
                    ParameterRules.firstElements(runs.get(part)),
                    ParameterRules.secondElements(runs.get(part))))
            .toList();
    return StateLayout.of(parts, Optimizer.largestChunk(runs));
  }

  /// Bytes of the state.
  ///
  /// @param trained the layouts of what is trained: of [Decoder#trainedWeights]
  public static long bytes(List<FlatLayout> trained, OptimizerConfig config) {
    return layout(trained, config).bytes();
  }

  /// Fills memory with the state that training begins with: the weights as they are now.
  ///
  /// @param memory zeros, of at least [#bytes]
  /// @param weights of [Decoder#trainedWeights], on any device
  public static TrainerMemory create(
      MemorySegment memory, Weights weights, OptimizerConfig config) {
    TrainerMemory created = new TrainerMemory(memory, weights.layouts(), config);
    for (int part = 0; part < weights.numParts(); part++) {
      created.values.get(part).copy_(weights.part(part));
    }
    created.journal.create(created.identity(), StepRecord.beginning().toBytes());
    return created;
  }

  /// The state that is in memory already, in this or another process.
  ///
  /// @param memory to be written, of [#create]
  /// @param trained as for [#bytes]
  /// @throws IllegalArgumentException if it has no state, or one of another model or optimizer
  public static TrainerMemory attach(
      MemorySegment memory, List<FlatLayout> trained, OptimizerConfig config) {
    TrainerMemory attached = new TrainerMemory(memory, trained, config);
    try {
      attached.journal.requireIs(attached.identity());
    } catch (IllegalArgumentException e) {
      attached.close();
      throw e;
    }
    return attached;
  }

  private UpdateJournal.Identity identity() {
    StringBuilder model = new StringBuilder();
    for (FlatLayout layout : layouts) {
      for (String name : layout.names()) {
        model.append(name).append(Arrays.toString(layout.spec(name).shape())).append('\n');
      }
      model.append('\n');
    }
    return new UpdateJournal.Identity(digest(model.toString()), digest(config.toString()));
  }

  private static long digest(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// The trained weights in this memory, under the number of the last completed step: for a model
  /// that is to be trained over them. They stay this object's.
  public Weights weights() {
    return Weights.over(layouts, values, stepsDone());
  }

  /// Steps done, including those whose update was skipped.
  public long stepsDone() {
    return done().position().step();
  }

  StepRecord done() {
    return StepRecord.of(journal.done());
  }

  UpdateJournal journal() {
    return journal;
  }

  OptimizerConfig config() {
    return config;
  }

  /// The moments, the caller's to close, which leaves the memory as it is.
  Moments moments() {
    return Moments.over(views(first), views(second));
  }

  private static List<Tensor> views(List<Tensor> tensors) {
    return tensors.stream()
        .map(tensor -> TensorScope.outside(() -> tensor.view(tensor.shape())))
        .toList();
  }

  /// Places the gradients of a model here.
  ///
  /// @return the optimizer of the model whose state is here
  /// @throws IllegalArgumentException if the model computes with other weights
  Optimizer optimizer(Decoder model) {
    List<Parameters> parts = model.trained();
    for (int part = 0; part < parts.size(); part++) {
      requireHere(parts, part);
      if (gradients.get(part).numElements() > 0) {
        parts.get(part).gradients().placeIn(gradients.get(part));
      }
    }
    return new Optimizer(
        model,
        config,
        moments(),
        (state, change) -> journal.chunk(state.stream().map(Tensor::segment).toList(), change));
  }

  private void requireHere(List<Parameters> parts, int part) {
    Tensor trained = parts.get(part).values();
    if (parts.size() != values.size()
        || (trained.numElements() > 0 && trained.address() != values.get(part).address())) {
      throw new IllegalArgumentException(
          "a recoverable trainer trains the weights in its memory: parts=%d memory=%d, and part=%d is elsewhere; make the model over TrainerMemory.weights"
              .formatted(parts.size(), values.size(), part));
    }
  }

  /// Views of the weights as parameters.
  List<Parameters> parameters() {
    Weights weights = weights();
    return IntStream.range(0, weights.numParts())
        .mapToObj(part -> Parameters.of(weights, part))
        .toList();
  }

  /// Ends the use of the memory, which stays as it is.
  @Override
  public void close() {
    List.of(values, gradients, first, second).forEach(tensors -> tensors.forEach(Tensor::close));
  }
}
