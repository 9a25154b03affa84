package dev.burnish.train.checkpoint;

import java.util.function.Consumer;
import java.util.function.Supplier;

/// What takes part in training and has a state besides tensors: a replay buffer, the position in a
/// data set. A checkpoint holds the state as bytes under a name and knows nothing else of it.
///
/// Both methods run between steps, on the thread of the training loop.
public interface Resumable {
  /// The present state, in bytes that nobody changes afterwards.
  byte[] state();

  /// Goes back to a state that [#state] gave.
  ///
  /// @throws IllegalArgumentException if it is none of its own
  void resume(byte[] state);

  /// One made of two methods, for a class that does not know this interface.
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
