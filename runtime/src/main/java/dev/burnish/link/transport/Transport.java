package dev.burnish.link.transport;

import dev.burnish.wire.Frame;

/// Carries frames to one peer and back, in order.
public interface Transport {
  /// Begins to receive; earlier frames wait.
  void start(Receiver receiver);

  /// Whether [#awaitRoom] would return at once.
  default boolean hasRoom() {
    return true;
  }

  /// Waits while very much is unsent, but not on the thread that receives; false if that lasts
  /// longer than the given nanoseconds.
  default boolean awaitRoom(long nanos) throws InterruptedException {
    return true;
  }

  /// Sends a frame. One that carries a result or an element waits while very much is unsent, but
  /// not on the thread that receives or if this thread is interrupted. After the end nothing is
  /// sent.
  void send(Frame frame);

  /// Sends a call, like [#send]; returns how to take it back.
  default Unsent sendCall(Frame.Call call) {
    send(call);
    return Unsent.NOTHING;
  }

  /// A frame that may not have been sent yet. Thread-safe.
  @FunctionalInterface
  interface Unsent {
    /// The result for a frame of which some bytes may have been sent.
    Unsent NOTHING = () -> false;

    /// Takes the frame back; false if some of it may have been sent, or it was taken back before.
    boolean withdraw();
  }

  /// Allows frames of the full size from now on: the peer has proved that it belongs here.
  void trust();

  /// Waits a short time for earlier frames to be sent.
  void flush();

  /// Ends the connection at once.
  void close();

  /// Receives the peer's frames: one at a time, on one thread.
  interface Receiver {
    /// Takes the next frame. An exception ends the connection.
    void receive(Frame frame);

    /// The last call: the connection has ended, for this reason.
    void ended(Throwable cause);
  }
}
