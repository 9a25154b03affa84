package dev.burnish.link.transport;

import dev.burnish.wire.Frame;
import dev.burnish.wire.Frames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// Sends the frames of many threads over one stream.
///
/// Whoever adds a frame while nobody writes becomes the writer, and writes what others add in the
/// meantime: batches under load, no hand-over when idle (a flat-combining queue). A writer never
/// waits for the peer: when the stream takes no more, the flusher, a thread of our own, goes on. So
/// the thread that receives may send, and two full pipes cannot block each other. Others wait while
/// more than [#HIGH] bytes are unsent, each as long as it may. What is in the queue can be taken
/// back; what is begun is finished, whoever gives up.
final class FrameWriter {
  private static final int BUFFER = 1 << 17;
  private static final int HEADROOM = 64;
  private static final long HIGH = 8 << 20;

  private final ByteStream stream;
  private final Thread flusher;
  private final Queue<Unsent> queue;
  private final Map<Long, Unsent> calls = new ConcurrentHashMap<>();
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
  FrameWriter(String name, ByteStream stream, Queue<Unsent> queue) {
    this.stream = stream;
    this.queue = queue;
    flusher = Thread.ofPlatform().daemon().name("link/" + name + "/flusher").start(this::flush);
  }

  /// A frame in the queue, until somebody takes it: the writer, or who takes it back.
  static final class Unsent extends AtomicReference<Optional<Frame>> {
    private static final long serialVersionUID = 1;

    Unsent(Frame frame) {
      super(Optional.of(frame));
    }

    private Optional<Frame> take() {
      return getAndSet(Optional.empty());
    }
  }

  void send(Frame frame) {
    Unsent unsent = new Unsent(frame);
    numBytes.addAndGet(Frames.payload(frame).length);
    if (frame instanceof Frame.Call call) {
      calls.put(call.id(), unsent);
    }
    queue.add(unsent);
    if (numQueued.getAndIncrement() == 0) {
      if (!stream.writableByAnyThread() || !writeAll()) {
        handedOver = true;
        LockSupport.unpark(flusher);
      }
    }
  }

  /// Takes a call back; false if it is begun, or not there.
  boolean withdraw(long call) {
    Optional<Frame> taken = Optional.ofNullable(calls.remove(call)).flatMap(Unsent::take);
    taken.ifPresent(frame -> left(Frames.payload(frame).length));
    return taken.isPresent();
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
        if (rest.isEmpty()) {
          continue;
        }
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

  /// Begins a frame, unless it was taken back.
  private void begin(Unsent unsent) {
    numTaken++;
    Optional<Frame> taken = unsent.take();
    if (taken.isPresent()) {
      if (taken.get() instanceof Frame.Call call) {
        calls.remove(call.id());
      }
      byte[] payload = Frames.payload(taken.get());
      Frames.writeHead(taken.get(), payload.length, sequence++, out);
      rest = Optional.of(payload);
      restOffset = 0;
      left(payload.length);
    }
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

  /// Waits while more than [#HIGH] bytes are unsent; false if that lasts longer.
  boolean awaitRoom(long nanos) throws InterruptedException {
    if (numBytes.get() <= HIGH) {
      return true;
    }
    ReaderThread.leave();
    lock.lock();
    numWaiting.incrementAndGet();
    try {
      long left = nanos;
      while (numBytes.get() > HIGH && !ended) {
        if (left <= 0) {
          return false;
        }
        left = room.awaitNanos(left);
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
