package dev.burnish.link.transport;

import dev.burnish.wire.Frame;

/// Carries frames to one peer and back, in order.
public interface Transport {
  /// Begins to receive; frames before this wait.
  void start(Receiver receiver);

  /// Whether [#awaitRoom] would return at once.
  default boolean hasRoom() {
    return true;
  }

  /// Waits while very much is unsent, but not on the thread that receives; false if that lasts
  /// longer than some nanoseconds.
  default boolean awaitRoom(long nanos) throws InterruptedException {
    return true;
  }

  /// Sends a frame. One that carries a result or an element waits while very much is unsent, but
  /// not on the thread that receives or if this thread is interrupted. After the end nothing is
  /// sent.
  void send(Frame frame);

  /// Sends a call, as [#send]; returns how to take it back.
  default Unsent sendCall(Frame.Call call) {
    send(call);
    return Unsent.NOTHING;
  }

  /// A frame that may not have been sent yet. Thread-safe.
  @FunctionalInterface
  interface Unsent {
    /// Of a frame of which something may have been sent.
    Unsent NOTHING = () -> false;

    /// Takes the frame back; false if something of it may have been sent, or it was taken back
    /// before.
    boolean withdraw();
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
