package dev.burnish.concurrent;

import java.io.Serial;

/// Work has ended in good order before it was done: [Stop#check] found that the process was asked
/// to end, or the work was not meant to continue. The code that started it reports no error.
public final class Stopped extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  Stopped() {
    this("the process was asked to end: signal=Ctrl-C or SIGTERM; resume the run to continue");
  }

  /// @param reason why it has ended, and how to continue
  public Stopped(String reason) {
    super(reason);
  }
}
