package dev.burnish.link.transport;

import dev.burnish.wire.Frame;

/// Carries frames to one peer and back, in order.
public interface Transport {
  /// Begins to receive; frames before this wait.
  void start(Receiver receiver);

  /// Waits while very much is unsent, but not on the thread that receives; false if that lasts
  /// longer than some nanoseconds.
  default boolean awaitRoom(long nanos) throws InterruptedException {
    return true;
  }

  /// Sends a frame. One that carries a result or an element waits while very much is unsent, but
  /// not on the thread that receives or if this thread is interrupted. After the end nothing is
  /// sent.
  void send(Frame frame);

  /// Takes a call back, by its number; false if some of it may have been sent.
  default boolean withdraw(long call) {
    return false;
  }

  /// From now on frames may have the full size: the peer has shown that it belongs here.
  void trust();

  /// Waits a short time for what was given before to be sent.
  void flush();

  /// Ends the connection at once.
  void close();

  /// What the peer's frames are given to: one at a time, by one thread.
  interface Receiver {
    /// The next frame. What this throws ends the connection.
    void receive(Frame frame);

    /// The last call: the connection has ended, for this reason.
    void ended(Throwable cause);
  }
}
