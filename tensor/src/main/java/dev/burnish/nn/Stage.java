package dev.burnish.nn;

import dev.burnish.nn.Retention.ForBackward;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/// A run of adjacent blocks of a decoder on one batch: one forward, and the backward that may
/// follow it. The stages of all blocks, one after another between embedding and [Head], have the
/// bits of one stage of all of them, so a decoder can be divided among processes block by block.
///
/// Single use; the code that creates it closes it.
final class Stage implements AutoCloseable {
  private final Decoder decoder;
  private final int first;
  private final List<DecoderBlock> blocks;
  private final PassContext context;
  private final Retention retention;
  private final List<Tensor> inputs = new ArrayList<>();
  private final List<Optional<SavedActivations>> saved = new ArrayList<>();

  /// @param from index of its first block
  /// @param to index after its last
  Stage(Decoder decoder, int from, int to, PassContext context, Retention retention) {
    this.decoder = decoder;
    this.first = from;
    this.blocks = decoder.blocks().subList(from, to);
    this.context = context;
    this.retention = retention;
  }

  boolean hasBackward() {
    return retention instanceof ForBackward;
  }

  /// The output of the last block for the first block's input, `[T, H]` both. Takes ownership of
  /// `x_TH`: it is closed once it is not needed. The output is the caller's to close.
  Tensor forward(Tensor x_TH) {
    Tensor hidden_TH = x_TH;
    for (int i = 0; i < blocks.size(); i++) {
      Tensor out_TH = Tensor.empty(DType.F32, hidden_TH.device(), hidden_TH.shape());
      SavedActivations activations = blocks.get(i).forward(hidden_TH, context, out_TH);
      switch (retention) {
        case Retention.Nothing _ -> {
          activations.close();
          hidden_TH.close();
        }
        case ForBackward keep -> {
          inputs.add(hidden_TH);
          saved.add(retained(i, activations, keep));
        }
      }
      hidden_TH = out_TH;
    }
    return hidden_TH;
  }

  /// The activations, or nothing where the policy does not keep them: they are stored then, where
  /// there is a store, and closed.
  private Optional<SavedActivations> retained(
      int i, SavedActivations activations, ForBackward keep) {
    if (keep.policy().keeps(i, blocks.size(), activations.bytes())) {
      return Optional.of(activations);
    }
    keep.store().ifPresent(store -> store.put(first + i, List.of(activations.memory())));
    activations.close();
    return Optional.empty();
  }

  /// Turns the gradient of the output in `d_TH` into that of the input, in place, and adds to the
  /// gradients of the parameters. Below the first part that is trained nothing is computed, and
  /// `d_TH` is then of no use.
  ///
  /// @param completed told of each part of the decoder whose gradients are complete, from the last
  ///   down, by its index in [Decoder#parts]
  void backward(Tensor d_TH, IntConsumer completed) {
    int firstTrained = decoder.firstTrained();
    for (int i = blocks.size() - 1; i >= 0; i--) {
      int part = first + i + 1;
      if (part >= firstTrained) {
        blocks.get(i).backward(activations(i), context, d_TH);
        inputs.get(i).close();
      }
      completed.accept(part);
    }
  }

  /// The activations of a block, kept by its forward, stored or recomputed. The caller closes them.
  private SavedActivations activations(int i) {
    SavedActivations result = saved.get(i).orElseGet(() -> restored(i));
    saved.set(i, Optional.empty());
    return result;
  }

  private SavedActivations restored(int i) {
    DecoderBlock block = blocks.get(i);
    Optional<ActivationPolicy.Store> store =
        retention instanceof ForBackward keep ? keep.store() : Optional.empty();
    if (store.isEmpty()) {
      return block.recompute(inputs.get(i), context);
    }
    SavedActivations room = new SavedActivations(block.shape(), inputs.get(i));
    saved.set(i, Optional.of(room)); // closed with the stage where the store fails
    store.get().take(first + i, List.of(room.memory()));
    return room;
  }

  @Override
  public void close() {
    saved.forEach(kept -> kept.ifPresent(SavedActivations::close));
    inputs.forEach(Tensor::close);
  }
}
