package dev.burnish.link.bulk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.bulk.BulkReader.Wanted;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.HostChannel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One connection to a peer, made when it is needed and again when it is lost. Used by one thread
/// at a time, and closed by any.
///
/// Fault point: `bulk.received` after each answer.
final class Lane implements AutoCloseable {
  /// Losses in a row, without an answer between, after which a peer is given up.
  static final int LOSSES = 4;

  private static final Duration PAUSE = Duration.ofMillis(50);

  private final BulkPeer peer;
  private final int number;
  private final BulkSettings settings;
  private final ByteBuffer question = ByteBuffer.allocate(Question.SIZE);
  private final ByteBuffer word = ByteBuffer.allocate(Integer.BYTES);
  private @Nullable HostChannel channel;

  Lane(BulkPeer peer, int number, BulkSettings settings) {
    this.peer = peer;
    this.number = number;
    this.settings = settings;
  }

  String name() {
    return "link/bulk/%s/%d".formatted(peer.name(), number);
  }

  /// Takes requests of a transfer and reads their answers, until there are no more.
  ///
  /// @throws ReplicaLost if the peer refuses, or its connections do not last
  void read(Transfer transfer) {
    Deque<Wanted> sent = new ArrayDeque<>();
    int numLost = 0;
    while (!transfer.isOver()) {
      try {
        HostChannel open = connection();
        while (ask(open, transfer, sent)) {
          receive(open, sent.getFirst(), transfer);
          sent.removeFirst();
          transfer.arrived();
          FaultPoint.reach("bulk.received");
          numLost = 0;
        }
        return;
      } catch (IOException e) {
        close();
        transfer.giveBack(sent);
        numLost++;
        if (!transfer.isOver() && numLost == LOSSES) {
          throw transfer.lost(numLost, e);
        }
        pause(transfer, numLost);
      } catch (Throwable e) {
        close();
        throw e;
      }
    }
    close();
  }

  /// Longer after each loss; an interrupt ends the transfer, which is over then.
  private static void pause(Transfer transfer, int numLost) {
    try {
      boolean _ = Waits.await(transfer.over(), PAUSE.multipliedBy(1L << numLost));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private HostChannel connection() throws IOException {
    synchronized (this) {
      if (channel != null) {
        return channel;
      }
    }
    HostChannel made =
        HostChannel.connect(
            peer.address(), peer.keys(), settings.protection(), settings.patience());
    synchronized (this) {
      channel = made;
      return made;
    }
  }

  /// Sends requests until enough wait for their answer; returns whether any do.
  private boolean ask(HostChannel open, Transfer transfer, Deque<Wanted> sent) throws IOException {
    boolean asked = false;
    while (sent.size() < settings.numAhead()) {
      Optional<Wanted> next = transfer.take();
      if (next.isEmpty()) {
        break;
      }
      sent.addLast(next.get());
      Question.of(next.get().region(), next.get().request()).write(question.clear());
      open.write(MemorySegment.ofArray(question.array()));
      asked = true;
    }
    if (asked) {
      open.flush();
    }
    return !sent.isEmpty();
  }

  private void receive(HostChannel open, Wanted wanted, Transfer transfer) throws IOException {
    int status = readInt(open);
    while (status == Question.COMING) {
      transfer.heard();
      status = readInt(open);
    }
    if (status == Question.REFUSED) {
      throw refused(open, wanted);
    }
    if (status != Question.OK) {
      throw new IOException("an answer begins with its status: status=" + status);
    }
    switch (wanted.request()) {
      case Request.Read(Runs _, MemorySegment target, Runs to, Runnable arrived) -> {
        for (int i = 0; i < to.count(); i++) {
          open.read(target.asSlice(to.start(i), to.run()));
        }
        arrived.run();
      }
      case Request.Digest digest -> digest.arrived().accept(readInt(open));
    }
  }

  private ReplicaLost refused(HostChannel open, Wanted wanted) throws IOException {
    MemorySegment length = MemorySegment.ofArray(word.array());
    open.read(length);
    byte[] text = new byte[Question.length(length)];
    open.read(MemorySegment.ofArray(text));
    return new ReplicaLost(
        "a peer must have what is read: peer=%s what=%s (%s)"
            .formatted(peer, wanted.what(), new String(text, UTF_8)));
  }

  private int readInt(HostChannel open) throws IOException {
    open.read(MemorySegment.ofArray(word.array()));
    return word.getInt(0);
  }

  @Override
  public synchronized void close() {
    if (channel != null) {
      channel.close();
      channel = null;
    }
  }
}
