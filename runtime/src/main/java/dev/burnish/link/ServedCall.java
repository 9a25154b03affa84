package dev.burnish.link;

import dev.burnish.concurrent.Thrown;
import dev.burnish.link.failure.RemoteErrors;
import dev.burnish.wire.Frame;
import dev.burnish.wire.WireException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A call of a peer that is to be answered once. Thread-safe.
public final class ServedCall {
  private final Link link;
  private final Frame.Call frame;
  private final CallChain waiting;
  private final byte[] arguments;
  private final Deadline deadline;
  private final CallSession session;
  private final AtomicBoolean answered = new AtomicBoolean();
  private @Nullable Runnable onCancel;
  private boolean cancelled;

  /// @throws WireException if the frame says that actors wait, but not which
  ServedCall(Link link, Frame.Call frame, long deadline) {
    this.link = link;
    this.frame = frame;
    if ((frame.method() & CallChain.MARK) == 0) {
      this.waiting = CallChain.NONE;
      this.arguments = frame.arguments();
    } else {
      ByteBuffer payload = ByteBuffer.wrap(frame.arguments());
      this.waiting = CallChain.read(payload);
      this.arguments = Arrays.copyOfRange(frame.arguments(), payload.position(), payload.limit());
    }
    this.deadline = new Deadline(link.clock(), deadline);
    this.session = link.session(this.deadline);
  }

  /// The number of the actor that is called.
  public long actor() {
    return frame.actor();
  }

  /// The number of the method.
  public int method() {
    return frame.method() & ~CallChain.MARK;
  }

  /// The arguments as they were encoded.
  public byte[] arguments() {
    return arguments;
  }

  /// The actors that wait for the call.
  public CallChain waiting() {
    return waiting;
  }

  /// The session of handles in the arguments, until the call ends; see [Link#resultSession()].
  public CallSession session() {
    return session;
  }

  /// Where the call came from.
  public Link link() {
    return link;
  }

  /// Whether the caller has stopped waiting.
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /// Whether the caller's deadline has passed.
  public boolean isLate() {
    return deadline.hasPassed();
  }

  /// Runs an action if the caller stops waiting: at once, if it has.
  public void onCancel(Runnable action) {
    boolean now;
    synchronized (this) {
      now = cancelled;
      onCancel = action;
    }
    if (now) {
      action.run();
    }
  }

  /// How long the caller still waits; negative if it does not.
  public Duration timeLeft() {
    return Duration.ofNanos(deadline.left());
  }

  /// Answers with an encoded result.
  public void reply(byte[] result) {
    answer(new Frame.Reply(frame.id(), result));
  }

  /// Answers with an exception: with its class alone where it cannot be described, because its own
  /// methods throw.
  public void fail(Throwable thrown) {
    if (!isAnswered()) {
      answer(new Frame.Failure(frame.id(), describe(thrown)));
    }
  }

  /// Answers with an encoded result that may hold handles.
  ///
  /// @param holds the session with which it was encoded
  public void reply(byte[] result, CallSession holds) {
    if (!holds.isEmpty()) {
      keep(holds);
    }
    reply(result);
  }

  private void keep(CallSession holds) {
    if (isCancelled()) {
      holds.release();
    } else {
      link.streams().sending(frame.id(), holds);
    }
  }

  /// Whether it needs no answer any more.
  public boolean isAnswered() {
    return answered.get();
  }

  private byte[] describe(Throwable thrown) {
    try {
      return RemoteErrors.encode(thrown, link.maxPayload());
    } catch (Throwable e) {
      return RemoteErrors.encode(
          new IllegalStateException(
              "an exception can be described: exception=%s, which threw %s when it was asked"
                  .formatted(thrown.getClass().getName(), Thrown.text(e))),
          link.maxPayload());
    }
  }

  /// The first answer counts.
  private void answer(Frame answer) {
    if (answered.compareAndSet(false, true)) {
      link.finish(frame.id());
      link.send(answer);
    }
  }

  void cancel() {
    @Nullable Runnable action;
    synchronized (this) {
      cancelled = true;
      action = onCancel;
    }
    if (action != null) {
      action.run();
    }
  }
}
