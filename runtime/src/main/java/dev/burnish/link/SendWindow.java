package dev.burnish.link;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Keeps a sender that does not wait for an actor from getting far ahead of it.
///
/// Idea: after some megabytes a probe is sent behind the calls, which the actor answers when it
/// reaches it. After the next megabytes another probe is sent, and the answer of the first is
/// awaited. So at most two windows of one sender are under way. Thread-safe.
public final class SendWindow {
  /// Bytes; each call counts somewhat more than its arguments.
  static final int SIZE = 4 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private Optional<Object> receiver = Optional.empty();
  private Optional<OpenCall> question = Optional.empty();
  private long numBytes;

  /// Notes a call that was sent; waits if the sender is ahead of the receiver.
  ///
  /// @param to the receiver; a restarted one has nothing outstanding
  /// @param ask sends a probe
  /// @throws Overloaded if the receiver does not keep up within the deadline of the probe
  /// @throws CallCancelled if the thread is interrupted, which stays set
  public void sent(Object to, int arguments, Supplier<OpenCall> ask, ClassLoader loader) {
    Optional<OpenCall> before;
    lock.lock();
    try {
      if (receiver.filter(to::equals).isEmpty()) {
        receiver = Optional.of(to);
        question = Optional.empty();
        numBytes = 0;
      }
      numBytes += (long) CallMemory.EACH + arguments;
      if (numBytes <= SIZE) {
        return;
      }
      numBytes = 0;
      before = question;
      question = Optional.of(ask.get());
    } finally {
      lock.unlock();
    }
    before.ifPresent(asked -> await(asked, loader));
  }

  private static void await(OpenCall asked, ClassLoader loader) {
    try {
      asked.await(loader);
    } catch (CallTimedOut e) {
      throw new Overloaded(
          "what is sent without waiting is received in time: %s; send less, or wait for the actor with a call"
              .formatted(e.getMessage()));
    } catch (CallCancelled e) {
      throw e;
    } catch (RuntimeException e) {
      // The actor is gone, as its owner is told, or waits for this sender, which cannot wait for
      // it.
    }
  }
}
