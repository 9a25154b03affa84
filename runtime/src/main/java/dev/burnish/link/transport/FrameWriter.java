package dev.burnish.link.transport;

import dev.burnish.concurrent.Waits;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Frames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// Sends the frames of many threads over one stream.
///
/// A thread that sends while nobody writes becomes the writer: it writes its own frame at once, and
/// then the frames that others queue in the meantime. So there are batches under load, and neither
/// a queue nor a hand-over when idle (a flat-combining queue). A writer never waits for the peer:
/// when the stream takes no more, the flusher, a thread of our own, takes over. So the thread that
/// receives may send, and two full pipes cannot block each other. Others wait while more than
/// [#HIGH] bytes are unsent, each until its deadline. Queued frames can be taken back; a frame that
/// was begun is finished, even if its sender gives up.
final class FrameWriter {
  private static final int BUFFER = 1 << 17;
  private static final int HEADROOM = 64;
  private static final long HIGH = 8 << 20;

  private final ByteStream stream;
  private final Thread flusher;
  private final Queue<Queued> queue;
  private final AtomicInteger numQueued = new AtomicInteger();
  private final AtomicLong numBytes = new AtomicLong();
  private final AtomicInteger numWaiting = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private volatile boolean handedOver;
  private volatile boolean ended;

  // Used by the writer alone; `numQueued` and `handedOver` publish them to the next one.
  private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
  private Optional<byte[]> rest = Optional.empty();
  private int restOffset;
  private int numTaken;
  private int sequence;

  FrameWriter(String name, ByteStream stream) {
    this(name, stream, new ConcurrentLinkedQueue<>());
  }

  /// @param queue empty, for many threads
  FrameWriter(String name, ByteStream stream, Queue<Queued> queue) {
    this.stream = stream;
    this.queue = queue;
    flusher = Thread.ofPlatform().daemon().name("link/" + name + "/flusher").start(this::flush);
  }

  /// A frame in the queue, until it is taken: by the writer, or by the caller that takes it back.
  final class Queued extends AtomicBoolean implements Transport.Unsent {
    private static final long serialVersionUID = 1;

    private final transient Frame frame;

    Queued(Frame frame) {
      this.frame = frame;
    }

    private boolean take() {
      return compareAndSet(false, true);
    }

    @Override
    public boolean withdraw() {
      boolean taken = take();
      if (taken) {
        left(Frames.payload(frame).length);
      }
      return taken;
    }
  }

  /// Sends a frame. One that this thread writes itself is begun at once, and cannot be taken back.
  Transport.Unsent send(Frame frame) {
    if (stream.writableByAnyThread() && numQueued.compareAndSet(0, 1)) {
      numTaken++;
      begin(frame);
      write();
      return Transport.Unsent.NOTHING;
    }
    Queued queued = new Queued(frame);
    numBytes.addAndGet(Frames.payload(frame).length);
    queue.add(queued);
    if (numQueued.getAndIncrement() == 0) {
      write();
    }
    return queued;
  }

  private void write() {
    if (!stream.writableByAnyThread() || !writeAll()) {
      handedOver = true;
      LockSupport.unpark(flusher);
    }
  }

  /// Whether all frames have been passed to the operating system.
  boolean isIdle() {
    return ended || numQueued.get() == 0;
  }

  void end() {
    ended = true;
    stream.close();
    LockSupport.unpark(flusher);
    signalRoom();
  }

  private void flush() {
    while (!ended) {
      Waits.park(this);
      while (handedOver && !ended) {
        handedOver = false;
        while (!writeAll()) {
          try {
            stream.awaitWritable();
          } catch (IOException e) {
            end();
          }
        }
      }
    }
  }

  /// Writes until the queue is empty; false if the stream takes no more for now.
  private boolean writeAll() {
    try {
      while (!ended) {
        fill();
        if (!writeOut()) {
          return false;
        }
        if (rest.isEmpty()) {
          int taken = numTaken;
          numTaken = 0;
          if (numQueued.addAndGet(-taken) == 0) {
            return true;
          }
        }
      }
    } catch (IOException e) {
      end();
    }
    return true;
  }

  /// Takes only frames that are counted: were one taken between its adding and its counting, the
  /// count would pass zero unseen by the writer, and the next thread to count would write
  /// concurrently.
  private void fill() {
    while (out.remaining() >= HEADROOM) {
      if (rest.isEmpty()) {
        if (numTaken == numQueued.get()) {
          return;
        }
        numTaken++;
        Queued next = queue.remove();
        if (!next.take()) {
          continue;
        }
        begin(next.frame);
        left(rest.orElseThrow().length);
      }
      byte[] payload = rest.orElseThrow();
      int size = Math.min(payload.length - restOffset, out.remaining());
      out.put(payload, restOffset, size);
      restOffset += size;
      if (restOffset == payload.length) {
        rest = Optional.empty();
      }
    }
  }

  private void begin(Frame frame) {
    byte[] payload = Frames.payload(frame);
    Frames.writeHead(frame, payload.length, sequence++, out);
    rest = Optional.of(payload);
    restOffset = 0;
  }

  /// Bytes have left the queue.
  private void left(int numLeft) {
    if (numBytes.addAndGet(-numLeft) < HIGH / 2 && numWaiting.get() > 0) {
      signalRoom();
    }
  }

  private boolean writeOut() throws IOException {
    out.flip();
    while (out.hasRemaining()) {
      if (stream.write(out) == 0) {
        out.compact();
        return false;
      }
    }
    out.clear();
    return true;
  }

  /// Whether [#awaitRoom] would return at once.
  boolean hasRoom() {
    return numBytes.get() <= HIGH;
  }

  /// Waits while more than [#HIGH] bytes are unsent; false if that lasts longer.
  boolean awaitRoom(long nanos) throws InterruptedException {
    if (hasRoom()) {
      return true;
    }
    lock.lock();
    numWaiting.incrementAndGet();
    try {
      long left = nanos;
      while (numBytes.get() > HIGH && !ended) {
        if (left <= 0) {
          return false;
        }
        left = Waits.awaitNanos(room, left);
      }
      return true;
    } finally {
      numWaiting.decrementAndGet();
      lock.unlock();
    }
  }

  private void signalRoom() {
    lock.lock();
    try {
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
