package dev.burnish.link;

import dev.burnish.wire.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The session of the handles of one call, or of one result: the link, and the things that end with
/// the call.
public final class CallSession implements Session {
  /// The message that the handles of a session are part of.
  sealed interface Part {
    /// Arguments of a call: their handles wait as long as the call lasts.
    record Arguments(Deadline deadline) implements Part {}

    /// Arguments of a message of ours, which has no deadline.
    record Message() implements Part {}

    /// Arguments of a broadcast: no message tells when it has ended.
    record Broadcast(Deadline deadline) implements Part {}

    /// A result.
    ///
    /// @param patience how long a handle waits for each further part
    record Result(Duration patience) implements Part {}

    /// The result of an actor of this process: its streams end with the actor at the latest.
    record Returned(long actor) implements Part {}
  }

  private final Link link;
  private final Part part;
  private List<Runnable> owned = List.of();
  private Runnable whenEmpty = () -> {};
  private boolean released;

  CallSession(Link link, Part part) {
    this.link = link;
    this.part = part;
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

  /// The link that the handle comes from or goes to.
  public Link link() {
    return link;
  }

  /// Whether it is the session of a result of an actor of this process.
  boolean isOwnedBy(long actor) {
    return part instanceof Part.Returned(long owner) && owner == actor;
  }

  /// The deadline for a handle that begins to wait for the other side now: that of the call whose
  /// argument it is; for each further part of a result as long as the call had.
  public Deadline waiting() {
    return switch (part) {
      case Part.Arguments(Deadline deadline) -> deadline;
      case Part.Broadcast(Deadline deadline) -> deadline;
      case Part.Result(Duration patience) -> Deadline.in(link.clock(), patience);
      case Part.Message _, Part.Returned _ -> Deadline.in(link.clock(), Link.WITHOUT_DEADLINE);
    };
  }

  boolean isResult() {
    return part instanceof Part.Result || part instanceof Part.Returned;
  }

  /// Whether no message tells when the call has ended.
  boolean isBroadcast() {
    return part instanceof Part.Broadcast;
  }

  /// Returns a session for a part of the message, such as one element of a stream.
  CallSession part() {
    return new CallSession(link, part);
  }

  synchronized boolean isEmpty() {
    return owned.isEmpty();
  }

  /// Runs an action when nothing is left of what it owned: at once if nothing is.
  void whenEmpty(Runnable action) {
    synchronized (this) {
      whenEmpty = action;
      if (!owned.isEmpty()) {
        return;
      }
    }
    action.run();
  }

  /// Takes back an action given to [#atEnd]: its handle has ended before.
  void forget(Runnable release) {
    Runnable then;
    synchronized (this) {
      if (owned.isEmpty() || !owned.remove(release) || !owned.isEmpty()) {
        return;
      }
      then = whenEmpty;
    }
    then.run();
  }

  /// Runs an action when the call has ended: at once if it has.
  public void atEnd(Runnable release) {
    synchronized (this) {
      if (!released) {
        if (owned.isEmpty()) {
          owned = new ArrayList<>();
        }
        owned.add(release);
        return;
      }
    }
    release.run();
  }

  /// The call has ended: releases what it owned.
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
      actions = owned;
      owned = List.of();
    }
    actions.forEach(Runnable::run);
    whenEmpty.run();
  }
}
