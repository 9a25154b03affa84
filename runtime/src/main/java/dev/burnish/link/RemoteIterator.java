package dev.burnish.link;

import dev.burnish.wire.Codec;
import java.util.Iterator;
import java.util.NoSuchElementException;

/// The elements of a stream of the peer, in order. For one thread.
///
/// `hasNext` waits. It throws the exception of the producer, [dev.burnish.link.failure.ReplicaLost]
/// if the connection ends, [dev.burnish.link.failure.CallTimedOut] if no element comes in time, and
/// [dev.burnish.link.failure.CallCancelled] on an interrupt; after each of these the stream has
/// ended. Closing it tells the producer to stop. So does the end of the call whose argument it is,
/// and for a result that nobody refers to any more the garbage collector.
final class RemoteIterator implements Iterator<Object>, AutoCloseable {
  private final StreamBuffer buffer;
  private final Codec codec;
  private final CallSession session;

  /// @param session of the call or result that it came with
  RemoteIterator(StreamBuffer buffer, Codec codec, CallSession session) {
    this.buffer = buffer;
    this.codec = codec;
    this.session = session;
  }

  /// The same, which ends as the session says.
  static RemoteIterator of(StreamBuffer buffer, Codec codec, CallSession session) {
    RemoteIterator iterator = new RemoteIterator(buffer, codec, session);
    if (session.isResult()) {
      Streams.Left.CLEANER.register(iterator, () -> buffer.leave(RemoteIterator::closed));
    } else {
      session.atEnd(() -> buffer.leave(RemoteIterator::closed));
    }
    return iterator;
  }

  private static IllegalStateException closed() {
    return new IllegalStateException(
        "a stream is read until it is closed or its call ends; read it within the call, or return it");
  }

  @Override
  public boolean hasNext() {
    return buffer.awaitElement(session.waiting());
  }

  @Override
  public Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the stream has ended");
    }
    // The handles in an element belong to the receiver, and do not end with the call.
    return codec.decode(buffer.take(), session.part()).getFirst();
  }

  @Override
  public void close() {
    buffer.leave(RemoteIterator::closed);
  }
}
