package dev.burnish.link.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.wire.Frame;
import dev.burnish.wire.Frames;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FrameWriterTest {
  /// Takes all frames, and counts them; blocks the first thread that writes.
  private static final class Counting implements ByteStream {
    private final AtomicInteger numFrames = new AtomicInteger();
    private final CountDownLatch writing = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    @Override
    public int read(ByteBuffer into) {
      return -1;
    }

    @Override
    public int write(ByteBuffer from) {
      writing.countDown();
      try {
        released.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
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

  /// Blocks the first sender that does not write itself, after its frame is in the queue.
  private static final class Holding extends ConcurrentLinkedQueue<FrameWriter.Queued> {
    private static final long serialVersionUID = 1;

    private final transient CountDownLatch added = new CountDownLatch(1);
    private final transient CountDownLatch released = new CountDownLatch(1);

    @Override
    public boolean add(FrameWriter.Queued frame) {
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
    Thread first = Thread.ofPlatform().start(() -> writer.send(new Frame.Heartbeat()));
    stream.writing.await();
    Thread held = Thread.ofPlatform().start(() -> writer.send(new Frame.Heartbeat()));
    queue.added.await();

    stream.released.countDown();
    assertThat(first.join(Duration.ofSeconds(20)))
        .as("the writer waits for a sender that has not counted its frame")
        .isTrue();
    assertThat(stream.numFrames).hasValue(1);
    Thread other = Thread.ofPlatform().start(() -> writer.send(new Frame.Heartbeat()));
    assertThat(other.join(Duration.ofSeconds(20))).isTrue();
    assertThat(stream.numFrames).hasValue(2);

    queue.released.countDown();
    assertThat(held.join(Duration.ofSeconds(20))).isTrue();
    assertThat(stream.numFrames).hasValue(3);
    assertThat(writer.isIdle()).isTrue();
    writer.end();
  }

  /// Accepts nothing until it is opened.
  private static final class Shut implements ByteStream {
    private final CountDownLatch opened = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<Frame> frames = new ConcurrentLinkedQueue<>();
    private ByteBuffer in = ByteBuffer.allocate(64 << 20);

    @Override
    public int read(ByteBuffer into) {
      return -1;
    }

    @Override
    public int write(ByteBuffer from) {
      if (opened.getCount() > 0) {
        return 0;
      }
      int size = from.remaining();
      in.put(from).flip();
      while (in.remaining() > Integer.BYTES
          && in.remaining() >= Integer.BYTES + in.getInt(in.position())) {
        int length = in.getInt() - Integer.BYTES;
        assertThat(in.getInt()).isEqualTo(frames.size());
        frames.add(Frames.read(in.slice(in.position(), length)));
        in.position(in.position() + length);
      }
      in.compact();
      return size;
    }

    @Override
    public void awaitWritable() {
      try {
        opened.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public boolean writableByAnyThread() {
      return true;
    }

    @Override
    public void close() {
      opened.countDown();
    }
  }

  private static Frame.Call call(long id) {
    return new Frame.Call(id, 1, 1, 1, new byte[3 << 20]);
  }

  @Test
  void whoWaitsForRoomComesBackInTime() throws Exception {
    Shut stream = new Shut();
    FrameWriter writer = new FrameWriter("test", stream);
    for (long id = 0; id < 4; id++) {
      assertThat(writer.awaitRoom(1)).isTrue();
      writer.send(call(id));
    }
    assertThat(writer.awaitRoom(Duration.ofMillis(20).toNanos())).isFalse();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> writer.awaitRoom(Long.MAX_VALUE))
        .isInstanceOf(InterruptedException.class);
    stream.opened.countDown();
    assertThat(writer.awaitRoom(Long.MAX_VALUE)).isTrue();
    writer.end();
  }

  @Test
  void whatIsNotBegunIsTakenBackAndWhatIsBegunIsFinished() throws Exception {
    Shut stream = new Shut();
    FrameWriter writer = new FrameWriter("test", stream);
    List<Transport.Unsent> unsent = new ArrayList<>();
    for (long id = 0; id < 5; id++) {
      unsent.add(writer.send(call(id)));
    }
    assertThat(writer.awaitRoom(0)).isFalse();
    assertThat(unsent.get(0).withdraw()).as("the first is begun").isFalse();
    assertThat(unsent.get(3).withdraw()).isTrue();
    assertThat(unsent.get(3).withdraw()).as("again").isFalse();
    assertThat(unsent.get(1).withdraw()).isTrue();
    assertThat(unsent.get(4).withdraw()).isTrue();
    assertThat(writer.awaitRoom(0)).as("what was taken back needs no room").isTrue();
    stream.opened.countDown();
    while (!writer.isIdle()) {
      Thread.onSpinWait();
    }
    assertThat(stream.frames)
        .extracting(frame -> ((Frame.Call) frame).id())
        .containsExactly(0L, 2L);
    writer.end();
  }
}
