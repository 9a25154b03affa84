package dev.burnish.link.transport;

import dev.burnish.concurrent.Waits;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Frames;
import dev.burnish.wire.WireException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/// Frames over a socket: a thread that reads many frames at a time, and a [FrameWriter].
final class SocketTransport implements Transport {
  private static final int BUFFER = 1 << 17;
  private static final int UNTRUSTED = 1 << 14;
  private static final int LENGTH = Integer.BYTES;
  private static final long LAST_WORDS = TimeUnit.SECONDS.toNanos(1);

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final String name;
  private final ByteStream stream;
  private final FrameWriter writer;
  private final int maxBytes;
  private final FrameSequence sequence = new FrameSequence();
  // Used by the thread that reads; a new one takes it over from the one that has left.
  private ByteBuffer in = NOTHING;
  private volatile Thread reader = Thread.currentThread();
  private volatile boolean trusted;

  SocketTransport(String name, ByteStream stream, int maxBytes) {
    this.name = name;
    this.stream = stream;
    this.maxBytes = maxBytes;
    this.writer = new FrameWriter(name, stream);
  }

  @Override
  public void start(Receiver receiver) {
    new Reading(receiver).goOn();
  }

  private final class Reading implements ReaderThread.Reading {
    private final Receiver receiver;

    Reading(Receiver receiver) {
      this.receiver = receiver;
    }

    @Override
    public void read(ReaderThread thread) {
      receive(thread, receiver);
    }

    @Override
    public void goOn() {
      Thread next = new ReaderThread("link/" + name + "/reader", this);
      reader = next;
      next.start();
    }
  }

  @Override
  public boolean hasRoom() {
    return writer.hasRoom() || Thread.currentThread() == reader;
  }

  @Override
  public boolean awaitRoom(long nanos) throws InterruptedException {
    return Thread.currentThread() == reader || writer.awaitRoom(nanos);
  }

  @Override
  public void send(Frame frame) {
    if ((frame instanceof Frame.Reply || frame instanceof Frame.Item) && !hasRoom()) {
      awaitRoom();
    }
    writer.send(frame);
  }

  /// Until the connection ends, which the loss of the peer does.
  private void awaitRoom() {
    try {
      if (!awaitRoom(Long.MAX_VALUE)) {
        throw new IllegalStateException("there is room at last");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody may wait for the send
    }
  }

  @Override
  public Unsent sendCall(Frame.Call call) {
    return writer.send(call);
  }

  @Override
  public void trust() {
    trusted = true;
  }

  @Override
  public void flush() {
    long end = System.nanoTime() + LAST_WORDS;
    while (!writer.isIdle() && System.nanoTime() < end) {
      Waits.parkNanos(this, 1_000_000);
    }
  }

  @Override
  public void close() {
    writer.end();
  }

  private void receive(ReaderThread thread, Receiver receiver) {
    Throwable cause = new EOFException("the connection was closed by the peer");
    try {
      readAll(thread, receiver);
    } catch (IOException | RuntimeException | Error e) {
      cause = e;
    } finally {
      if (!thread.hasLeft()) {
        in = NOTHING;
        writer.end();
        receiver.ended(cause);
      }
    }
  }

  private void readAll(ReaderThread thread, Receiver receiver) throws IOException {
    do {
      int missing = takeFrames(thread, receiver);
      if (thread.hasLeft()) {
        return;
      }
      in = room(in, missing);
    } while (readMore());
  }

  private boolean readMore() throws IOException {
    boolean read = stream.read(in) >= 0;
    in.flip();
    return read;
  }

  /// Passes on all whole frames, or those until the thread has left; returns the size of the
  /// incomplete one.
  private int takeFrames(ReaderThread thread, Receiver receiver) {
    while (!thread.hasLeft() && in.remaining() >= LENGTH) {
      int length = in.getInt(in.position());
      int limit = trusted ? maxBytes : UNTRUSTED;
      if (length <= LENGTH || length > limit - LENGTH) {
        throw new WireException(
            "a frame is at most %d bytes long: length=%s; raise wire.maxBytes on both sides if it should pass"
                .formatted(limit, Integer.toUnsignedString(length)));
      }
      if (in.remaining() < LENGTH + length) {
        return LENGTH + length;
      }
      in.position(in.position() + LENGTH);
      int number = in.getInt();
      ByteBuffer body = in.slice(in.position(), length - LENGTH);
      in.position(in.position() + length - LENGTH);
      if (sequence.accept(number)) {
        thread.giving(in.hasRemaining());
        receiver.receive(Frames.read(body));
      }
    }
    return Frames.HEAD;
  }

  /// A buffer with the rest of this one and room for a frame of a size; large ones are released. A
  /// peer that has not identified itself yet gets little, on the heap.
  private ByteBuffer room(ByteBuffer in, int size) {
    int wanted = Math.max(size, trusted ? BUFFER : UNTRUSTED);
    if (in.capacity() == wanted) {
      return in.compact();
    }
    return (trusted ? ByteBuffer.allocateDirect(wanted) : ByteBuffer.allocate(wanted)).put(in);
  }
}
