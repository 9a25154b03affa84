package dev.burnish.controller.worker;

import dev.burnish.kernel.Numerics;
import dev.burnish.link.Region;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Canary;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.Weights;
import dev.burnish.service.Service;
import dev.burnish.store.Digest;
import dev.burnish.store.MappedWeights;
import dev.burnish.store.Published;
import dev.burnish.store.WeightPublisher;
import dev.burnish.store.WeightReader;
import dev.burnish.store.WeightStore;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.StepReport;
import dev.burnish.train.TrainerMemory;
import java.util.List;
import java.util.Optional;

/// A trainer that works on memory of the controller: if its process is lost, the next one over the
/// same memory has the state of the last completed step. One call at a time.
public final class TrainerWorker implements TrainerActor, AutoCloseable {
  private final TrainerSpec spec;
  private final WeightSets sets;
  private final WeightStore store;
  private final Opened open = new Opened();
  private final LanguageModel model;
  private final LocalTrainer trainer;
  private final WeightPublisher publisher;
  private Optional<ReferenceModel> reference = Optional.empty();

  /// @param sets the names of its weights
  /// @param state memory of a [TrainerMemory], to be written
  /// @param weights has the base of an adapted model, and the reference
  public TrainerWorker(
      TrainerSpec spec, WeightSets sets, Region state, Service<WeightStore> weights) {
    this.spec = spec;
    this.sets = sets;
    this.store = weights.route();
    publisher = open.add(WeightPublisher.packed(sets.trained(), spec.model().trainedParts()));
    Region memory = open.add(state.keep());
    Optional<Weights> base =
        spec.model().lora().adapts() ? Optional.of(base(spec.model().layouts())) : Optional.empty();
    TrainerMemory shared =
        open.add(
            TrainerMemory.attach(
                memory.segment(), spec.model().trainedLayouts(), spec.optimizer()));
    model =
        open.add(
            base.map(under -> spec.model().over(under, Optional.of(shared.weights())))
                .orElseGet(() -> spec.model().over(shared.weights(), Optional.empty())));
    trainer =
        open.add(
            LocalTrainer.recoverable(
                shared, model.decoder(), spec.totalSteps(), spec.train().options()));
  }

  private Weights base(List<FlatLayout> layouts) {
    return read(sets.base(), layouts);
  }

  private Weights read(String set, List<FlatLayout> layouts) {
    store.await(set, WeightSets.ONLY);
    MappedWeights mapped = open.add(new WeightReader(store, set, layouts).map(WeightSets.ONLY));
    mapped.checkAll();
    return mapped.weights();
  }

  @Override
  public StepReport step(long number, List<MicroBatch> batch) {
    return trainer.step(number, batch);
  }

  @Override
  public List<float[]> logprobs(List<PackedTokens> batches, Numerics numerics) {
    return trainer.logprobs(batches, numerics);
  }

  @Override
  public List<float[]> values(List<PackedTokens> batches) {
    return trainer.values(batches);
  }

  @Override
  public List<float[]> referenceLogprobs(List<PackedTokens> batches) {
    ReferenceModel found = reference.orElseGet(this::openReference);
    reference = Optional.of(found);
    return found.logprobs(batches);
  }

  /// The policy without its adaptation where that is what the run began with, else a frozen model.
  private ReferenceModel openReference() {
    if (store.versions(WeightSets.REFERENCE).isEmpty()) {
      return ReferenceModel.of(model.decoder().base());
    }
    Weights frozen = read(WeightSets.REFERENCE, spec.model().layouts());
    LanguageModel first = open.add(spec.model().over(frozen, Optional.empty()));
    return ReferenceModel.of(first.decoder());
  }

  @Override
  public Published publish(long version) {
    Decoder decoder = model.decoder();
    decoder.trainedWeights().publish(version);
    return publisher.publish(decoder.trainedWeights(), Optional.of(Canary.of(decoder)));
  }

  @Override
  public List<Long> digests() {
    return Digest.ofParts(model.decoder().trainedWeights());
  }

  @Override
  public void close() {
    open.close();
  }
}
