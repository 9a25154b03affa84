package dev.burnish.concurrent;

/// A task of a [Scope] ended with the exception that is this one's cause.
public final class TaskFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  TaskFailed(Throwable cause) {
    super(cause.toString(), cause);
  }

  TaskFailed(String name, Throwable cause) {
    super("task " + name + " failed: " + cause, cause);
  }
}
