package dev.burnish.link;

import dev.burnish.link.transport.FrameSequence;
import dev.burnish.link.transport.Transport;
import dev.burnish.wire.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// A connection that drops, duplicates and swaps frames, which [FrameSequence] is to detect. Frames
/// that arrive carry the numbers that the sender gave.
final class FaultyTransport implements Transport, Transport.Receiver {
  /// How often, per thousand frames.
  record Faults(int drops, int doubles, int swaps) {}

  private record Numbered(int number, Frame frame) {}

  private final Transport inner;
  private final RandomGenerator random;
  private final Faults faults;
  private final FrameSequence sequence = new FrameSequence();
  private final List<Numbered> held = new ArrayList<>();
  private int numReceived;
  private int numFaults;
  private Receiver receiver = this;

  FaultyTransport(Transport inner, RandomGenerator random, Faults faults) {
    this.inner = inner;
    this.random = random;
    this.faults = faults;
  }

  int numFaults() {
    return numFaults;
  }

  long numDoubled() {
    return sequence.numDoubled();
  }

  @Override
  public void start(Receiver to) {
    receiver = to;
    inner.start(this);
  }

  @Override
  public void receive(Frame frame) {
    Numbered numbered = new Numbered(numReceived++, frame);
    int roll = frame instanceof Frame.Hello ? 1000 : random.nextInt(1000);
    if (roll < faults.drops()) {
      numFaults++;
      return;
    }
    if (roll < faults.drops() + faults.swaps() && held.isEmpty()) {
      numFaults++;
      held.add(numbered);
      return;
    }
    deliver(numbered);
    if (roll >= 1000 - faults.doubles() && roll < 1000) {
      numFaults++;
      deliver(numbered);
    }
    List<Numbered> late = List.copyOf(held);
    held.clear();
    late.forEach(this::deliver);
  }

  private void deliver(Numbered numbered) {
    if (sequence.accept(numbered.number())) {
      receiver.receive(numbered.frame());
    }
  }

  @Override
  public void ended(Throwable cause) {
    receiver.ended(cause);
  }

  @Override
  public void send(Frame frame) {
    inner.send(frame);
  }

  @Override
  public void trust() {
    inner.trust();
  }

  @Override
  public void flush() {
    inner.flush();
  }

  @Override
  public void close() {
    inner.close();
  }
}
