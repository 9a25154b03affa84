package dev.burnish.concurrent;

import java.io.Serial;

/// Work has ended in good order before it was done: [Stop#check] found that the process was asked
/// to end, or the work was not meant to go further. Whoever started it reports no error.
public final class Stopped extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  Stopped() {
    this("the process was asked to end: signal=Ctrl-C or SIGTERM; resume the run to continue");
  }

  /// @param reason why it has ended, and how it goes further
  public Stopped(String reason) {
    super(reason);
  }
}
