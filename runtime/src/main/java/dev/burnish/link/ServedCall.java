package dev.burnish.link;

import dev.burnish.link.failure.RemoteErrors;
import dev.burnish.wire.Frame;
import dev.burnish.wire.WireException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A call of a peer that is to be answered once. Thread-safe.
public final class ServedCall {
  private final Link link;
  private final Frame.Call frame;
  private final CallChain waiting;
  private final byte[] arguments;
  private final long deadline;
  private final CallSession session;
  private final AtomicBoolean answered = new AtomicBoolean();
  private @Nullable Runnable onCancel;
  private boolean cancelled;

  /// @throws WireException if the frame says that actors wait, and not which
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
    this.deadline = deadline;
    this.session = link.session(new Deadline(link.clock(), deadline));
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

  /// What handles in the arguments work with, until the call ends; see [Link#resultSession()].
  public CallSession session() {
    return session;
  }

  /// Where the call came from.
  public Link link() {
    return link;
  }

  /// Whether the caller waits no more.
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /// Whether the caller's time has passed.
  public boolean isLate() {
    return link.clock().nanos() - deadline >= 0;
  }

  /// What to do if the caller stops waiting: at once, if it has.
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

  /// Answers with an encoded result.
  public void reply(byte[] result) {
    if (answered.compareAndSet(false, true)) {
      link.finish(frame.id());
      link.send(new Frame.Reply(frame.id(), result));
    }
  }

  /// Answers with an exception.
  public void fail(Throwable thrown) {
    if (answered.compareAndSet(false, true)) {
      link.finish(frame.id());
      link.send(new Frame.Failure(frame.id(), RemoteErrors.encode(thrown, link.maxPayload())));
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
