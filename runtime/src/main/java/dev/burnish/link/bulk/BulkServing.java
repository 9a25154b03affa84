package dev.burnish.link.bulk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.HostChannel;
import dev.burnish.wire.WireException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/// One connection of a reader: answers one question after the other.
final class BulkServing implements Runnable {
  private static final System.Logger LOG = System.getLogger(BulkServing.class.getName());

  /// In place of the time since when an answer is written.
  private static final long IDLE = Long.MIN_VALUE;

  private final HostChannel channel;
  private final Shelf shelf;
  private final Duration pulse;
  private final ByteBuffer question = ByteBuffer.allocate(Question.SIZE);
  private volatile long since = IDLE;

  /// @param pulse time after which a reader that waits is told that its bytes still come
  BulkServing(HostChannel channel, Shelf shelf, Duration pulse) {
    this.channel = channel;
    this.shelf = shelf;
    this.pulse = pulse;
  }

  /// Whether an answer is not taken in time.
  boolean isLate(Duration patience) {
    long began = since;
    return began != IDLE && System.nanoTime() - began > patience.toNanos();
  }

  /// Ends the connection.
  void drop() {
    channel.close();
  }

  @Override
  public void run() {
    try {
      while (true) {
        channel.read(MemorySegment.ofArray(question.array()));
        since = System.nanoTime();
        answer(Question.read(question.clear()));
        channel.flush();
        since = IDLE;
      }
    } catch (IOException e) {
      // The reader knows more, and asks again what it is missing.
      LOG.log(System.Logger.Level.DEBUG, "a reader has left: {0}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (WireException e) {
      LOG.log(System.Logger.Level.WARNING, "a reader was dropped: {0}", e.toString());
    }
  }

  private void answer(Question asked) throws IOException, InterruptedException {
    Optional<Shelf.Loan> lent = shelf.lend(asked.region());
    if (lent.isEmpty()) {
      refuse("its owner has closed it: region=" + asked.region());
      return;
    }
    try (Shelf.Loan loan = lent.get()) {
      MemorySegment bytes = loan.bytes();
      if (!asked.runs().isWithin(bytes.byteSize())) {
        refuse(
            "runs must be within the region: region=%d bytes=%d %s"
                .formatted(asked.region(), bytes.byteSize(), asked.runs()));
        return;
      }
      awaitThere(loan, asked.runs());
      writeInt(Question.OK);
      switch (asked.kind()) {
        case BYTES -> writeRuns(bytes, asked.runs());
        case DIGEST -> writeInt(digest(bytes, asked.runs()));
      }
    } catch (ReplicaLost e) {
      refuse(String.valueOf(e.getMessage()));
    }
  }

  /// A reader that hears nothing would take this process for lost.
  private void awaitThere(Shelf.Loan loan, Runs runs) throws IOException, InterruptedException {
    since = IDLE;
    while (!loan.await(runs, pulse)) {
      since = System.nanoTime();
      writeInt(Question.COMING);
      channel.flush();
      since = IDLE;
    }
    since = System.nanoTime();
  }

  private void writeRuns(MemorySegment bytes, Runs runs) throws IOException {
    for (int i = 0; i < runs.count(); i++) {
      channel.write(bytes.asSlice(runs.start(i), runs.run()));
    }
  }

  private static int digest(MemorySegment bytes, Runs runs) {
    CRC32C sum = new CRC32C();
    sum.update(bytes.asSlice(runs.offset(), runs.run()).asByteBuffer());
    return (int) sum.getValue();
  }

  private void refuse(String why) throws IOException {
    byte[] text = why.getBytes(UTF_8);
    byte[] shortened = text.length <= Question.MOST ? text : Arrays.copyOf(text, Question.MOST);
    writeInt(Question.REFUSED);
    writeInt(shortened.length);
    channel.write(MemorySegment.ofArray(shortened));
  }

  private void writeInt(int value) throws IOException {
    channel.write(MemorySegment.ofArray(ByteBuffer.allocate(Integer.BYTES).putInt(value).array()));
  }
}
