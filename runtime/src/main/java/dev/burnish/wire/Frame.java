package dev.burnish.wire;

/// A message on a connection. Calls are numbered by the caller, streams by their producer.
public sealed interface Frame {
  /// The first frame in each direction: the sender's identity, and the proof that it belongs here.
  record Hello(byte[] introduction) implements Frame {}

  /// Runs a method of an actor; answered by [Reply] or [Failure] with the same id.
  ///
  /// @param timeout nanoseconds for which the caller still waits
  record Call(long id, long actor, int method, long timeout, byte[] arguments) implements Frame {}

  /// Runs a method of an actor; not answered.
  record Cast(long actor, int method, byte[] arguments) implements Frame {}

  /// The result of a call.
  record Reply(long id, byte[] result) implements Frame {}

  /// The exception of a call.
  record Failure(long id, byte[] error) implements Frame {}

  /// Cancels a call: the caller has stopped waiting.
  record Cancel(long id) implements Frame {}

  /// The next element of a stream.
  record Item(long stream, byte[] element) implements Frame {}

  /// The end of a stream.
  record End(long stream) implements Frame {}

  /// The exception that ended a stream.
  record Broken(long stream, byte[] error) implements Frame {}

  /// The consumer accepts further elements.
  record Credit(long stream, int items) implements Frame {}

  /// The consumer wants no more of a stream.
  record Abandon(long stream) implements Frame {}

  /// Heartbeat: says only that the sender is alive.
  record Heartbeat() implements Frame {}

  /// The last frame: the other side ends in good order, for this reason.
  record Bye(String reason) implements Frame {}
}
