package dev.burnish.link;

import dev.burnish.wire.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// What the handles of one call, or of one result, work with: the link, and what ends with the
/// call.
public final class CallSession implements Session {
  /// What the handles of a session are part of.
  enum Part {
    ARGUMENTS,
    BROADCAST,
    RESULT
  }

  private final Link link;
  private final Part part;
  private final Supplier<Deadline> waiting;
  private final List<Runnable> owned = new ArrayList<>(0);
  private Optional<Long> owner = Optional.empty();
  private boolean released;
  private Runnable whenEmpty = () -> {};

  /// @param waiting until when a handle waits that begins to wait now
  CallSession(Link link, Part part, Supplier<Deadline> waiting) {
    this.link = link;
    this.part = part;
    this.waiting = waiting;
  }

  /// The link of a session that was given to a handle.
  ///
  /// @throws IllegalArgumentException if it is no session of a call
  public static CallSession of(Session session) {
    if (session instanceof CallSession call) {
      return call;
    }
    throw new IllegalArgumentException(
        "a stream, region or mesh travels only in a call: session=" + session);
  }

  /// Where the handle comes from or goes to.
  public Link link() {
    return link;
  }

  void ownedBy(long actor) {
    owner = Optional.of(actor);
  }

  /// Whether it is of what an actor of this process returns.
  boolean isOwnedBy(long actor) {
    return owner.filter(number -> number == actor).isPresent();
  }

  /// Until when a handle waits for the other side, if it begins now: until the deadline of the call
  /// whose argument it is; for each further part of a result as long as the call had.
  public Deadline waiting() {
    return waiting.get();
  }

  boolean isResult() {
    return part == Part.RESULT;
  }

  /// Whether nobody tells when the call has ended.
  boolean isBroadcast() {
    return part == Part.BROADCAST;
  }

  /// For a part of what this is for, such as one element of a stream.
  CallSession part() {
    return new CallSession(link, part, waiting);
  }

  synchronized boolean isEmpty() {
    return owned.isEmpty();
  }

  /// Has something run when nothing is left of what it owned: at once if nothing is.
  void whenEmpty(Runnable action) {
    synchronized (this) {
      whenEmpty = action;
      if (!owned.isEmpty()) {
        return;
      }
    }
    action.run();
  }

  /// Takes back what was given to [#atEnd]: it has ended before.
  void forget(Runnable release) {
    Runnable then;
    synchronized (this) {
      if (!owned.remove(release) || !owned.isEmpty()) {
        return;
      }
      then = whenEmpty;
    }
    then.run();
  }

  /// Has something run when the call has ended.
  public synchronized void atEnd(Runnable release) {
    if (released) {
      release.run();
    } else {
      owned.add(release);
    }
  }

  /// The call has ended: what it owned ends.
  public void release() {
    List<Runnable> actions;
    synchronized (this) {
      if (released) {
        return;
      }
      released = true;
      if (owned.isEmpty()) {
        return;
      }
      actions = List.copyOf(owned);
      owned.clear();
    }
    actions.forEach(Runnable::run);
    whenEmpty.run();
  }
}
