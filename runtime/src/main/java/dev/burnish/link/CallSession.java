package dev.burnish.link;

import dev.burnish.wire.Session;
import java.util.ArrayList;
import java.util.List;

/// What the handles of one call, or of one result, work with: the link, and what ends with the
/// call.
public final class CallSession implements Session {
  /// What the handles of a session are part of.
  enum Part {
    ARGUMENTS,
    RESULT
  }

  private final Link link;
  private final Part part;
  private final List<Runnable> owned = new ArrayList<>(0);
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

  /// Where the handle comes from or goes to.
  public Link link() {
    return link;
  }

  boolean isResult() {
    return part == Part.RESULT;
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
    }
    actions.forEach(Runnable::run);
  }
}
