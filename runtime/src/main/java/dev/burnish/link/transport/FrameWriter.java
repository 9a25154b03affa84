package dev.burnish.link.transport;

import dev.burnish.wire.Frame;
import dev.burnish.wire.Frames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// Sends the frames of many threads over one stream.
///
/// Whoever adds a frame while nobody writes becomes the writer, and writes what others add in the
/// meantime: batches under load, no hand-over when idle (a flat-combining queue). A writer never
/// waits for the peer: when the stream takes no more, the flusher, a thread of our own, goes on. So
/// the thread that receives may send, and two full pipes cannot block each other. Others wait while
/// more than [#HIGH] bytes are unsent.
final class FrameWriter {
  private static final int BUFFER = 1 << 17;
  private static final int HEADROOM = 64;
  private static final long HIGH = 8 << 20;

  private final ByteStream stream;
  private final Thread flusher;
  private final Queue<Frame> queue;
  private final AtomicInteger numQueued = new AtomicInteger();
  private final AtomicLong numBytes = new AtomicLong();
  private final AtomicInteger numWaiting = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private volatile boolean handedOver;
  private volatile boolean ended;

  // Used by the writer alone; numQueued and handedOver hand them on.
  private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
  private Optional<byte[]> rest = Optional.empty();
  private int restOffset;
  private int numTaken;
  private int sequence;

  FrameWriter(String name, ByteStream stream) {
    this(name, stream, new ConcurrentLinkedQueue<>());
  }

  /// @param queue empty, for many threads
  FrameWriter(String name, ByteStream stream, Queue<Frame> queue) {
    this.stream = stream;
    this.queue = queue;
    flusher = Thread.ofPlatform().daemon().name("link/" + name + "/flusher").start(this::flush);
  }

  void send(Frame frame, boolean mayWait) {
    int size = Frames.payload(frame).length;
    if (mayWait && numBytes.get() > HIGH) {
      awaitRoom();
    }
    numBytes.addAndGet(size);
    queue.add(frame);
    if (numQueued.getAndIncrement() == 0) {
      if (!stream.writableByAnyThread() || !writeAll()) {
        handedOver = true;
        LockSupport.unpark(flusher);
      }
    }
  }

  /// Whether all frames are with the operating system.
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
      LockSupport.park(this);
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

  /// Takes frames that are counted alone: were one taken between its adding and its counting, the
  /// count would pass zero unseen by the writer, and who counts next would write beside it.
  private void fill() {
    while (out.remaining() >= HEADROOM) {
      if (rest.isEmpty()) {
        if (numTaken == numQueued.get()) {
          return;
        }
        begin(queue.remove());
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
    numTaken++;
    if (numBytes.addAndGet(-payload.length) < HIGH / 2 && numWaiting.get() > 0) {
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

  private void awaitRoom() {
    lock.lock();
    try {
      numWaiting.incrementAndGet();
      while (numBytes.get() > HIGH && !ended) {
        room.awaitUninterruptibly();
      }
      numWaiting.decrementAndGet();
    } finally {
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
