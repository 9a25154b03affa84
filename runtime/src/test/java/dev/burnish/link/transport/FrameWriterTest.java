package dev.burnish.link.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.wire.Frame;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FrameWriterTest {
  /// Takes everything, and counts frames.
  private static final class Counting implements ByteStream {
    private final AtomicInteger numFrames = new AtomicInteger();

    @Override
    public int read(ByteBuffer into) {
      return -1;
    }

    @Override
    public int write(ByteBuffer from) {
      int size = from.remaining();
      while (from.hasRemaining()) {
        from.position(from.position() + Integer.BYTES + from.getInt(from.position()));
        numFrames.incrementAndGet();
      }
      return size;
    }

    @Override
    public void awaitWritable() {}

    @Override
    public boolean writableByAnyThread() {
      return true;
    }

    @Override
    public void close() {}
  }

  /// Holds the first sender after its frame is in the queue.
  private static final class Holding extends ConcurrentLinkedQueue<Frame> {
    private static final long serialVersionUID = 1;

    private final transient CountDownLatch added = new CountDownLatch(1);
    private final transient CountDownLatch released = new CountDownLatch(1);

    @Override
    public boolean add(Frame frame) {
      super.add(frame);
      if (added.getCount() > 0) {
        added.countDown();
        try {
          released.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return true;
    }
  }

  @Test
  void aWriterTakesNoFrameThatIsNotCountedYet() throws Exception {
    Counting stream = new Counting();
    Holding queue = new Holding();
    FrameWriter writer = new FrameWriter("test", stream, queue);
    Thread held = Thread.ofPlatform().start(() -> writer.send(new Frame.Alive(), true));
    queue.added.await();

    Thread other = Thread.ofPlatform().start(() -> writer.send(new Frame.Alive(), true));
    assertThat(other.join(Duration.ofSeconds(20)))
        .as("a sender waits for one that has not counted its frame")
        .isTrue();
    assertThat(stream.numFrames).hasValue(1);

    queue.released.countDown();
    assertThat(held.join(Duration.ofSeconds(20))).isTrue();
    assertThat(stream.numFrames).hasValue(2);
    assertThat(writer.isIdle()).isTrue();
    writer.end();
  }
}
