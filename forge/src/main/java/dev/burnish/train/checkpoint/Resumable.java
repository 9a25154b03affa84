package dev.burnish.train.checkpoint;

import java.util.function.Consumer;
import java.util.function.Supplier;

/// A participant in training with a state besides tensors: a replay buffer, the position in a data
/// set. A checkpoint holds the state as bytes under a name and knows nothing else of it.
///
/// Both methods run between steps, on the thread of the training loop.
public interface Resumable {
  /// The present state, in bytes that are not changed afterwards.
  byte[] state();

  /// Restores a state that [#state] returned.
  ///
  /// @throws IllegalArgumentException if it is not a state of this object
  void resume(byte[] state);

  /// An implementation from two methods, for a class that does not know this interface.
  static Resumable of(Supplier<byte[]> state, Consumer<byte[]> resume) {
    return new Resumable() {
      @Override
      public byte[] state() {
        return state.get();
      }

      @Override
      public void resume(byte[] bytes) {
        resume.accept(bytes);
      }
    };
  }
}
